import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent } from 'undici'
import { readGenesis } from '../custody/approvals/genesis.ts'
import type { LoggedEntry } from '../custody/log/entry.ts'
import { mirroredFiles, writeDurably } from '../custody/log/files.ts'
import { overlaid, pullMirror } from '../custody/log/mirror.ts'
import { readVerifierKey } from '../custody/log/note.ts'
import { remoteFiles } from '../custody/log/remote-files.ts'
import { type Trust, verifyLog } from '../custody/log/verify.ts'
import { readSecretFile } from '../custody/roots/secret-file.ts'
import { readEvidence, verifyEvidence, writeEvidence } from '../evidence/evidence.ts'
import { extractEvidence } from '../evidence/extract.ts'
import type { DryRunFlags } from './custody/reach-flags.ts'
import { showWould, wouldBe } from './show.ts'

interface TrustFlags {
  readonly log: string
  readonly witness?: string
  readonly json: boolean
}

/** `treuhand log verify FOLDER` */
export async function verifyMirror(
  flags: TrustFlags & { readonly since?: readonly string[] },
  folder: string,
): Promise<void> {
  const earlier = await Promise.all((flags.since ?? []).map(file => readFile(file)))
  let first: LoggedEntry | undefined
  const report = await verifyLog(mirroredFiles(folder), trustOf(flags), earlier, (entry, index) => {
    if (index === 0) first = entry
  })
  const { origin, size, root, types } = report
  const genesis = first?.type === 'genesis' ? readGenesis(first, origin).digest : null
  const witnessedAt = report.witnessedAt === undefined ? null : time(report.witnessedAt)
  if (flags.json)
    return print(JSON.stringify({ origin, size, root: root.toString('base64'), genesis, witnessedAt, types }))
  print(`${origin} is whole: ${size} entries, root ${root.toString('base64')}`)
  print(genesis ? `genesis document ${genesis}` : 'it does not begin with a genesis document')
  print(witnessedAt ? `the witness saw it at ${witnessedAt}` : 'no witness was asked for')
  for (const [type, count] of Object.entries(types)) print(`  ${type} ${count}`)
}

/** `treuhand log mirror URL FOLDER` */
export async function mirrorLog(
  {
    authority,
    tokenFile,
    ...flags
  }: TrustFlags & DryRunFlags & { readonly authority?: string; readonly tokenFile: string },
  url: string,
  folder: string,
): Promise<void> {
  const token = await readSecretFile(tokenFile)
  const dispatcher =
    authority === undefined ? undefined : new Agent({ connect: { ca: await readFile(authority) } })
  try {
    const mirror = mirroredFiles(folder)
    // What would be written is read back while it is verified.
    const into = flags.dryRun ? overlaid(mirror) : mirror
    const size = await pullMirror(remoteFiles(url, token, dispatcher), into, trustOf(flags))
    if (flags.dryRun) return showWould(flags, wouldBe(`The mirror would hold ${size} entries.`))
    print(flags.json ? JSON.stringify({ size }) : `the mirror holds ${size} entries`)
  } finally {
    await dispatcher?.close()
  }
}

/** `treuhand evidence verify FILE` */
export async function verifyEvidenceFile(flags: TrustFlags, file: string): Promise<void> {
  const { statement, index, size, witnessedAt } = verifyEvidence(
    readEvidence(await readFile(file)),
    trustOf(flags),
  )
  const seen = witnessedAt === undefined ? null : time(witnessedAt)
  if (flags.json) return print(JSON.stringify({ statement, index, size, witnessedAt: seen }))
  print(
    `${statement.origin} stated this at ${time(statement.made)} (${statement.kind}), entry ${index} of ${size}`,
  )
  print(seen ? `the witness saw it at ${seen} at the latest` : 'no witness was asked for')
  print(JSON.stringify(statement.body, undefined, 2))
}

/** `treuhand evidence extract MIRROR FOLDER` */
export async function extractStatements(
  flags: TrustFlags & DryRunFlags,
  mirror: string,
  folder: string,
): Promise<void> {
  const trust = trustOf(flags)
  const files: string[] = []
  const found = await extractEvidence(mirroredFiles(mirror), trust)
  if (flags.dryRun) return showWould(flags, wouldBe(`${found.length} files would be written to ${folder}.`))
  for (const evidence of found) {
    const { kind, made } = verifyEvidence(evidence, trust).statement
    const file = join(folder, `${kind}-${time(made).slice(0, 10)}-${evidence.proof.index}.json`)
    await writeDurably(file, writeEvidence(evidence))
    files.push(file)
  }
  if (flags.json) return print(JSON.stringify({ files }))
  for (const file of files) print(file)
  if (files.length === 0) print('The log holds no statement.')
}

function trustOf({ log, witness }: TrustFlags): Trust {
  return { log: readVerifierKey(log), ...(witness !== undefined && { witness: readVerifierKey(witness) }) }
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
