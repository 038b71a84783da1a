import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { generateHpkeKey } from '../../custody/hpke.ts'
import { readShare } from '../../custody/quorum/share.ts'
import { checkWords, readShareText } from '../../custody/quorum/share-text.ts'
import { openShare, type Purpose, submitShare } from '../../custody/quorum/submission.ts'
import { CannotStart } from '../cannot-start.ts'
import { ask, show } from './client.ts'
import { signedRequest } from './decisions.ts'
import type { ReachFlags } from './reach-flags.ts'

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

/** `treuhand custodian holder-key`: makes the key that a share is sealed to, before the ceremony. */
export async function makeHolderKey(flags: { readonly json?: boolean }, file: string): Promise<void> {
  const { publicKey, privateKey } = await generateHpkeKey()
  writeFileSync(file, `${privateKey.toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  privateKey.fill(0)
  const shown = publicKey.toString('base64url')
  const sentence = `The key is in ${file}. Give this to whoever runs the ceremony:\n\n  ${shown}`
  show(flags, { publicKey: shown }, sentence)
}

interface CeremonyFlags extends ReachFlags {
  readonly dryRun?: boolean
}

/** What a ceremony's file says: holders who are dealt shares, or a seal that opens without people. */
interface PlanFile {
  readonly seal?: string
  readonly plan?: { readonly origin: string; readonly parties: readonly PartyPlan[] }
  readonly approvers: Readonly<Record<string, { readonly role: string; readonly person: string }>>
}
interface PartyPlan {
  readonly name: string
  readonly needed: number
  readonly holders: readonly unknown[]
}
interface Dealing {
  readonly set: string
  readonly dealt: readonly { party: string; holder: string; sealed?: string; sheet?: string }[]
}

/** `treuhand custodian ceremony PLAN [FOLDER]`: deals the root to its holders, a file or a sheet each. */
export async function ceremony(flags: CeremonyFlags, planFile: string, folder?: string): Promise<void> {
  const file = JSON.parse(readFileSync(planFile, 'utf8')) as PlanFile
  if (!file.plan) return await unattendedCeremony(flags, file)
  if (folder === undefined) throw new CannotStart('Say where the shares go: … ceremony PLAN FOLDER.', 2)
  const parties = shapeOf(file.plan.parties)
  if (flags.dryRun) return show(flags, file, `Would deal a root to ${parties}. Nothing was done.`)
  const dealing = (await ask(flags, 'POST', '/v1/ceremony', file)) as unknown as Dealing
  handOut(flags, dealing, file.plan.origin, folder, `The root is dealt to ${parties}, and forgotten here.`)
}

async function unattendedCeremony(flags: CeremonyFlags, file: PlanFile): Promise<void> {
  const people = Object.values(file.approvers).map(({ person, role }) => `${person} (${role})`)
  if (flags.dryRun)
    return show(
      flags,
      file,
      `Would ask ${people.join(', ')} to agree to a root that opens without them. Nothing was done.`,
    )
  const answer = await ask(flags, 'POST', '/v1/agreement', file)
  const sentence =
    `Under the seal ${file.seal} the root opens without people: whoever owns the host can open it.\n` +
    `It is made once all of these have agreed, each by treuhand custodian agree: ${people.join(', ')}.`
  show(flags, answer, sentence)
}

interface DealFlags extends ReachFlags {
  readonly sign: string
  readonly dryRun?: boolean
}

/** `treuhand custodian deal FOLDER`: the shares of a change of the seal that was approved. */
export async function deal(flags: DealFlags, folder: string): Promise<void> {
  if (flags.dryRun)
    return show(
      flags,
      {},
      'Would deal the shares of the approved change, and void those dealt for it before.',
    )
  const { origin } = (await ask(flags, 'GET', '/v1/status')) as { origin: string }
  const order = await signedRequest(flags, 'deal', {})
  const dealing = (await ask(flags, 'POST', '/v1/deals', order)) as unknown as Dealing
  const first = 'The new root is dealt, and forgotten here. The one in force goes on until all is proven.'
  handOut(flags, dealing, origin, folder, first)
}

function handOut(
  flags: ReachFlags,
  { set, dealt }: Dealing,
  origin: string,
  folder: string,
  first: string,
): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = dealt.map(({ party, holder, sealed, sheet }) => {
    const end = sealed === undefined ? 'pdf' : 'share'
    const file = join(folder, `${holder.replaceAll(/[^\w-]/g, '_')}.${end}`)
    const share = JSON.stringify({ set, origin, party, holder, sealed })
    writeFileSync(file, sealed === undefined ? Buffer.from(sheet!, 'base64') : share, {
      mode: 0o600,
      flag: 'wx',
    })
    return file
  })
  show(
    flags,
    { files },
    `${first}\nHand each holder their file:\n${files.map(file => `  ${file}`).join('\n')}\n` +
      'Each then runs: treuhand custodian share prove. When all have, enough of them run: … share unseal.',
  )
}

const shapeOf = (parties: readonly PartyPlan[]): string =>
  parties.map(({ name, needed, holders }) => `${needed} of ${holders.length} of ${name}`).join(' and ')

interface ShareFlags extends ReachFlags {
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
  const submission = (await submitShare(envelope, purpose, { ...desk, publicKey })).toString('base64url')
  envelope.fill(0)
  const answer = await ask(flags, 'POST', '/v1/shares', { purpose, submission, set: desk.set })
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
