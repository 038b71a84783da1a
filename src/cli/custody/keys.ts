import { readFileSync, writeFileSync } from 'node:fs'
import { openKey, readKeyExport } from '../../custody/export/key-export.ts'
import { readVerifierKey } from '../../custody/log/note.ts'
import { show, showWould, wouldBe } from '../show.ts'
import { assertNew } from './new-file.ts'
import { makeHpkeKey } from './new-key.ts'
import type { PersonFlags } from './person.ts'
import type { DryRunFlags } from './reach-flags.ts'
import { request } from './requests.ts'

/** `treuhand custodian keys recipient FILE`: makes the key that group keys are sealed to when they leave. */
export async function makeRecipientKey(
  flags: { readonly json?: boolean } & DryRunFlags,
  file: string,
): Promise<void> {
  const sentence =
    '. Keep it off the network: whoever has it opens all that is exported to it.\nThe proposal names this as "recipient":'
  await makeHpkeKey(flags, file, sentence)
}

/** `treuhand custodian keys fetch ID FILE`: fetches what an export-keys proposal made; it opens for its recipient alone. */
export async function fetchKeys(
  flags: PersonFlags & DryRunFlags,
  proposal: string,
  file: string,
): Promise<void> {
  await save(flags, await request(flags, 'export', { proposal }), file)
}

/** `treuhand custodian keys deposit TENANT FILE`: fetches what is deposited for the holder of the offline key. */
export async function fetchDeposit(
  flags: PersonFlags & DryRunFlags,
  tenant: string,
  file: string,
): Promise<void> {
  assertNew(file)
  const answer = await request(flags, 'deposit', { tenant })
  if (flags.dryRun) return showWould(flags, answer)
  await save(flags, answer, file)
}

async function save(
  flags: PersonFlags & DryRunFlags,
  answer: Record<string, unknown>,
  file: string,
): Promise<void> {
  const document = String(answer['export'])
  const { keys, tenant } = readKeyExport(document, undefined)
  assertNew(file)
  if (flags.dryRun)
    return showWould(
      flags,
      wouldBe(`${keys.length} group keys of ${tenant}, sealed, would be written to ${file}.`),
    )
  writeFileSync(file, document, { mode: 0o600, flag: 'wx' })
  show(
    flags,
    { file, tenant, keys: keys.length },
    `${keys.length} group keys of ${tenant} are in ${file}, sealed.`,
  )
}

interface OpenFlags extends DryRunFlags {
  /** File with the recipient's private key. */
  readonly key: string
  /** Verifier key of the log. */
  readonly log: string
  readonly json?: boolean
}

/** `treuhand custodian keys open EXPORT FILE`: verifies an export and opens its keys, offline. */
export async function openKeys(
  { key: keyFile, log, json, dryRun }: OpenFlags,
  from: string,
  to: string,
): Promise<void> {
  const exported = readKeyExport(readFileSync(from), readVerifierKey(log))
  assertNew(to)
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
    if (!dryRun) writeFileSync(to, `${JSON.stringify(opened, undefined, 1)}\n`, { mode: 0o600, flag: 'wx' })
  } finally {
    privateKey.fill(0)
  }
  const count = exported.keys.length
  if (dryRun)
    return showWould(
      { ...(json !== undefined && { json }) },
      wouldBe(`${count} group keys of ${tenant} open; they would be written to ${to}.`),
    )
  show(
    { ...(json !== undefined && { json }) },
    { file: to, tenant, keys: count },
    `${count} group keys of ${tenant} are open in ${to}. opener/treuhand_open.py reads them. Delete the file after use.`,
  )
}
