import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { adoptMirror } from '../../custody/backup/adopt-mirror.ts'
import { type Manifest, readManifest } from '../../custody/backup/file.ts'
import { restoreBackup } from '../../custody/backup/restore.ts'
import { mirroredFiles } from '../../custody/log/files.ts'
import { readVerifierKey, type Verifier } from '../../custody/log/note.ts'
import { type Trust, verifyLog } from '../../custody/log/verify.ts'
import { witnessClient } from '../../custody/log/witness-client.ts'
import { readSecretFile } from '../../custody/roots/secret-file.ts'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { NEWEST } from '../../registry/custody/schema.ts'
import { CannotStart } from '../cannot-start.ts'
import { show, showWould } from '../show.ts'
import { ask, bearer } from './client.ts'
import { type CustodianConfig, readCustodianConfig } from './config.ts'
import { openRegistry } from './open-registry.ts'
import { signedRequest } from './person.ts'
import type { ReachFlags } from './reach-flags.ts'

interface BackupFlags extends ReachFlags {
  readonly sign?: string
  readonly tokenFile?: string
  readonly dryRun?: boolean
}

/** `treuhand custodian backup`: at the word of a person, or by a script's token. */
export async function backup({ sign, tokenFile, dryRun, ...flags }: BackupFlags): Promise<void> {
  if ((sign === undefined) === (tokenFile === undefined))
    throw new CannotStart('Say who asks: --sign KEY for a person, or --token-file FILE for a script.', 2)
  const token = tokenFile === undefined ? undefined : await readSecretFile(tokenFile)
  const dry = dryRun ? { dryRun } : {}
  const order = sign === undefined ? dry : await signedRequest({ ...flags, ...dry, sign }, 'backup', {})
  const answer = await ask(flags, 'POST', '/v1/backups', order, token && bearer(token))
  if (dryRun) return showWould(flags, answer)
  show(flags, answer, `${answer['file']} holds the log up to entry ${answer['size']}. It was read back.`)
}

interface OfflineFlags {
  readonly config: string
  readonly log: string
  readonly json?: boolean
  readonly dryRun?: boolean
}
interface RestoreFlags extends OfflineFlags {
  readonly key: string
  readonly mirror?: string
}

/**
 * `treuhand custodian restore BACKUP`: into an empty registry, with the keys made after it. What people decided
 * after it comes from the mirror; without one, the witness says whether something is missing.
 */
export async function restore(flags: RestoreFlags, file: string): Promise<void> {
  const config = readCustodianConfig(flags.config)
  const log = readVerifierKey(flags.log)
  const manifest = await readManifest(file, log)
  if (manifest.schema > NEWEST)
    throw new CannotStart(
      `The backup has schema ${manifest.schema}, this program knows up to ${NEWEST}. Take a newer program.`,
    )
  process.stderr.write(`${describe(manifest)}\n`)
  if (flags.dryRun) return show(flags, manifest, 'The backup is whole. Nothing was done.')
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const privateKey = Buffer.from((await readSecretFile(flags.key)).trim(), 'base64url')
  const { keys } = await withRegistry(config, manifest.schema, async registry => {
    const about = { file, folder: dirname(file), privateKey, log, now: Date.now() }
    return await restoreBackup(registry, about)
  }).finally(() => privateKey.fill(0))
  const size = await withRegistry(config, NEWEST, async registry => {
    if (flags.mirror === undefined) return manifest.size
    await registry.activate()
    return (await adoptMirror(registry, mirroredFiles(flags.mirror), trustOf(config, log))).size
  })
  await tell(flags, config, log, { keys, size, restored: manifest.size })
}

/** `treuhand custodian replay MIRROR`: what `restore --mirror` does, for a mirror that was found later. */
export async function replay(flags: OfflineFlags, mirror: string): Promise<void> {
  const config = readCustodianConfig(flags.config)
  const log = readVerifierKey(flags.log)
  const trust = trustOf(config, log)
  if (flags.dryRun) {
    const { size } = await verifyLog(mirroredFiles(mirror), trust)
    return show(flags, { size }, `The mirror is whole, with ${size} entries. Nothing was done.`)
  }
  const { size } = await withRegistry(config, NEWEST, async registry => {
    await registry.activate()
    return await adoptMirror(registry, mirroredFiles(mirror), trust)
  })
  await tell(flags, config, log, { size })
}

/** Says how the registry stands to what the witness has seen, and what is to be done next. */
async function tell(
  flags: OfflineFlags,
  { witness }: CustodianConfig,
  log: Verifier,
  about: { readonly size: number; readonly keys?: number; readonly restored?: number },
): Promise<void> {
  const client = witness && witnessClient({ url: witness.url, verifier: readVerifierKey(witness.key) })
  const seen = client ? ((await client.latest(log))?.size ?? 0) : null
  const done = `The registry holds ${about.size} entries of the log${about.keys ? `, and ${about.keys} keys made after the backup` : ''}.`
  const next =
    seen === null
      ? 'No witness is configured: nobody can tell whether something is missing. Holders unseal it now.'
      : seen <= about.size
        ? 'The witness has seen no more: nothing is missing. Start the custodian; its holders unseal it.'
        : `The witness has seen ${seen}: ${seen - about.size} entries are missing. Replay a newer mirror, or propose accept-loss.`
  show(flags, { ...about, witnessed: seen }, `${done}\n${next}`)
  if (seen !== null && seen > about.size) process.exitCode = 6
}

async function withRegistry<T>(
  config: CustodianConfig,
  schema: number,
  act: (registry: CustodyRegistry) => Promise<T>,
): Promise<T> {
  const registry = await openRegistry(config, schema)
  try {
    return await act(registry)
  } finally {
    await registry.close()
  }
}

function trustOf({ witness }: CustodianConfig, log: Verifier): Trust {
  return { log, ...(witness && { witness: readVerifierKey(witness.key) }) }
}

function describe({ origin, made, schema, term, size }: Manifest): string {
  return [
    `  custodian  ${origin}`,
    `  made       ${time(made)}`,
    `  log        ${size} entries`,
    `  schema     ${schema}, term ${term}`,
  ].join('\n')
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()
