import { readFileSync, writeFileSync } from 'node:fs'
import { openKey, readKeyExport } from '../../custody/export/key-export.ts'
import { generateHpkeKey } from '../../custody/hpke.ts'
import { readVerifierKey } from '../../custody/log/note.ts'
import { CannotStart } from '../cannot-start.ts'
import { show } from './client.ts'
import { type PersonFlags, request } from './decisions.ts'

/** `treuhand custodian keys recipient FILE`: makes the key that group keys are sealed to when they leave. */
export async function makeRecipientKey(flags: { readonly json?: boolean }, file: string): Promise<void> {
  const { publicKey, privateKey } = await generateHpkeKey()
  writeFileSync(file, `${privateKey.toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  privateKey.fill(0)
  const shown = publicKey.toString('base64url')
  const sentence =
    `The key is in ${file}. Keep it off the network: whoever has it opens all that is exported to it.\n` +
    `The proposal names this as "recipient":\n\n  ${shown}`
  show(flags, { publicKey: shown }, sentence)
}

/** `treuhand custodian keys fetch ID FILE`: fetches what an export-keys proposal made; it opens for its recipient alone. */
export async function fetchKeys(flags: PersonFlags, proposal: string, file: string): Promise<void> {
  await save(flags, await request(flags, 'export', { proposal }), file)
}

/** `treuhand custodian keys deposit TENANT FILE`: fetches what is deposited for the holder of the offline key. */
export async function fetchDeposit(flags: PersonFlags, tenant: string, file: string): Promise<void> {
  await save(flags, await request(flags, 'deposit', { tenant }), file)
}

async function save(flags: PersonFlags, answer: Record<string, unknown>, file: string): Promise<void> {
  const document = String(answer['export'])
  const { keys, tenant } = readKeyExport(document, undefined)
  writeFileSync(file, document, { mode: 0o600, flag: 'wx' })
  show(
    flags,
    { file, tenant, keys: keys.length },
    `${keys.length} group keys of ${tenant} are in ${file}, sealed.`,
  )
}

interface OpenFlags {
  /** File with the recipient's private key. */
  readonly key: string
  /** Verifier key of the log. */
  readonly log: string
  readonly json?: boolean
}

/** `treuhand custodian keys open EXPORT FILE`: verifies an export and opens its keys, offline. */
export async function openKeys(
  { key: keyFile, log, json }: OpenFlags,
  from: string,
  to: string,
): Promise<void> {
  const exported = readKeyExport(readFileSync(from), readVerifierKey(log))
  const privateKey = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64url')
  const { tenant, split } = exported
  try {
    const keys = []
    for (const sealed of exported.keys) {
      const { id, bucket, epoch } = sealed
      const key = (await openKey(exported, sealed, privateKey)).toString('base64')
      keys.push({ id, tenant, bucket, epoch, key })
    }
    const opened = { format: 'treuhand-keys/v1', split, keys }
    writeFileSync(to, `${JSON.stringify(opened, undefined, 1)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CannotStart(`${to} is there already. Nothing was written over it.`, 7)
    throw error
  } finally {
    privateKey.fill(0)
  }
  const count = exported.keys.length
  show(
    { ...(json !== undefined && { json }) },
    { file: to, tenant, keys: count },
    `${count} group keys of ${tenant} are open in ${to}. opener/treuhand_open.py reads them. Delete the file after use.`,
  )
}
