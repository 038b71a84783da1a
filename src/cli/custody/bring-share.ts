import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { readShare } from '../../custody/quorum/share.ts'
import { checkWords, readShareText } from '../../custody/quorum/share-text.ts'
import { openShare, type Purpose, submitShare } from '../../custody/quorum/submission.ts'
import { CannotStart } from '../cannot-start.ts'
import { show, showWould } from '../show.ts'
import { ask } from './client.ts'
import type { DryRunFlags, ReachFlags } from './reach-flags.ts'

/** A share as its holder keeps it: sealed to the holder's key. */
interface ShareFile {
  /** Which ceremony's; of shares dealt by older versions it is not said. */
  readonly set?: string
  readonly origin: string
  readonly party: string
  readonly holder: string
  readonly sealed: string
}

interface Desk {
  readonly origin: string
  readonly set: string
  readonly publicKey: string
  readonly missing: readonly string[]
  /** Where the shares of a change go. */
  readonly coming?: Desk
}

interface ShareFlags extends ReachFlags, DryRunFlags {
  readonly key?: string
}

/**
 * `treuhand custodian share prove|unseal|reset SHARE`: brings a share, sealed to this start of the custodian.
 *
 * @param from the sealed share's file, or `-` for the text of a sheet on standard input
 */
export async function bringShare(purpose: Purpose, flags: ShareFlags, from: string): Promise<void> {
  const desks = (await ask(flags, 'GET', '/v1/desk')) as unknown as Desk
  const { envelope, desk } =
    from === '-' ? await typedShare(desks) : await sealedShare(desks, from, flags.key)
  const publicKey = Buffer.from(desk.publicKey, 'base64url')
  const sealedFor = flags.dryRun ? (`try-${purpose}` as const) : purpose
  const submission = (await submitShare(envelope, sealedFor, { ...desk, publicKey })).toString('base64url')
  envelope.fill(0)
  const share = { purpose, submission, set: desk.set, ...(flags.dryRun && { dryRun: true }) }
  const answer = await ask(flags, 'POST', '/v1/shares', share)
  if (flags.dryRun) return showWould(flags, answer)
  show(flags, answer, sentenceOf(purpose, answer))
}

/** The desk where the shares of a set go. */
function deskOf(set: string | undefined, desks: Desk): Desk {
  return desks.coming && desks.coming.set === set ? desks.coming : desks
}

async function typedShare(desks: Desk): Promise<{ envelope: Buffer; desk: Desk }> {
  if (process.stdin.isTTY)
    process.stderr.write('Type the text of the sheet, then Ctrl-D on a line of its own:\n')
  const envelope = readShareText(await text(process.stdin))
  process.stderr.write(`Check words: ${checkWords(envelope).join(' ')}. They must be those on the sheet.\n`)
  return { envelope, desk: deskOf(readShare(envelope).set.toString('base64url'), desks) }
}

async function sealedShare(
  desks: Desk,
  file: string,
  keyFile: string | undefined,
): Promise<{ envelope: Buffer; desk: Desk }> {
  if (keyFile === undefined)
    throw new CannotStart('A sealed share needs the key of its holder: --key FILE.', 2)
  const { set, origin, party, holder, sealed } = JSON.parse(readFileSync(file, 'utf8')) as ShareFile
  const desk = deskOf(set, desks)
  if (set !== undefined && desk.set !== set)
    throw new CannotStart('This share is of another ceremony. Bring the one that was dealt last.', 3)
  const privateKey = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64url')
  try {
    // The origin is the share's own: the log may have begun anew since.
    const about = { origin, set: desk.set, party, holder }
    return { envelope: await openShare(Buffer.from(sealed, 'base64url'), privateKey, about), desk }
  } finally {
    privateKey.fill(0)
  }
}

function sentenceOf(purpose: Purpose, answer: Record<string, unknown>): string {
  if (answer['changed'] === true)
    return 'The root is a new one. The shares before open nothing of this custodian any more: destroy them.'
  if (answer['unsealed'] === true) return 'The custodian is unsealed.'
  if (purpose === 'reset') return 'What was gathered is forgotten. Begin again.'
  const missing = answer['missing'] as readonly string[] | undefined
  if (purpose === 'prove')
    return `The share is good. ${missing?.length ? `Still to prove: ${missing.join(', ')}.` : 'All have proven theirs.'}`
  const { parties } = answer['progress'] as {
    parties: readonly { name: string; needed: number; holders: readonly string[] }[]
  }
  const far = parties.map(({ name, needed, holders }) => `${name}: ${holders.length} of ${needed}`)
  return `The share is taken; it is forgotten in ten minutes. ${far.join(', ')}.`
}
