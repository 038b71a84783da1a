import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { generateHpkeKey } from '../../custody/hpke.ts'
import { checkWords, readShareText } from '../../custody/quorum/share-text.ts'
import { openShare, type Purpose, submitShare } from '../../custody/quorum/submission.ts'
import { CannotStart } from '../cannot-start.ts'
import { ask, show } from './client.ts'
import type { ReachFlags } from './reach-flags.ts'

/** A share as its holder keeps it: sealed to the holder's key. */
interface ShareFile {
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

/** `treuhand custodian ceremony PLAN FOLDER`: deals the root to its holders, a file or a sheet each. */
export async function ceremony(flags: CeremonyFlags, planFile: string, folder: string): Promise<void> {
  const plan = JSON.parse(readFileSync(planFile, 'utf8')) as {
    plan: { parties: readonly { name: string; needed: number; holders: readonly unknown[] }[] }
  }
  const parties = plan.plan.parties.map(
    ({ name, needed, holders }) => `${needed} of ${holders.length} of ${name}`,
  )
  if (flags.dryRun)
    return show(flags, plan, `Would deal a root to ${parties.join(' and ')}. Nothing was done.`)
  const { dealt } = (await ask(flags, 'POST', '/v1/ceremony', plan)) as unknown as {
    dealt: readonly { party: string; holder: string; sealed?: string; sheet?: string }[]
  }
  const { origin } = plan.plan as unknown as { origin: string }
  const files = dealt.map(({ party, holder, sealed, sheet }) => {
    const file = join(
      folder,
      `${holder.replaceAll(/[^\w-]/g, '_')}.${sealed === undefined ? 'pdf' : 'share'}`,
    )
    const content =
      sealed === undefined ? Buffer.from(sheet!, 'base64') : JSON.stringify({ origin, party, holder, sealed })
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' })
    return file
  })
  show(
    flags,
    { files },
    `The root is dealt to ${parties.join(' and ')}, and forgotten here.\n` +
      `Hand each holder their file:\n${files.map(file => `  ${file}`).join('\n')}\n` +
      'Each then runs: treuhand custodian share prove. When all have, enough of them run: … share unseal.',
  )
}

interface ShareFlags extends ReachFlags {
  readonly key?: string
}

/**
 * `treuhand custodian share prove|unseal|reset SHARE`: brings a share, sealed to this start of the custodian.
 *
 * @param from the sealed share's file, or `-` for the text of a sheet on standard input
 */
export async function bringShare(purpose: Purpose, flags: ShareFlags, from: string): Promise<void> {
  const desk = (await ask(flags, 'GET', '/v1/desk')) as unknown as Desk
  const envelope = from === '-' ? await typedShare() : await sealedShare(desk, from, flags.key)
  const publicKey = Buffer.from(desk.publicKey, 'base64url')
  const submission = (await submitShare(envelope, purpose, { ...desk, publicKey })).toString('base64url')
  envelope.fill(0)
  const answer = await ask(flags, 'POST', '/v1/shares', { purpose, submission })
  show(flags, answer, sentenceOf(purpose, answer))
}

async function typedShare(): Promise<Buffer> {
  if (process.stdin.isTTY)
    process.stderr.write('Type the text of the sheet, then Ctrl-D on a line of its own:\n')
  const envelope = readShareText(await text(process.stdin))
  process.stderr.write(`Check words: ${checkWords(envelope).join(' ')}. They must be those on the sheet.\n`)
  return envelope
}

async function sealedShare(desk: Desk, file: string, keyFile: string | undefined): Promise<Buffer> {
  if (keyFile === undefined)
    throw new CannotStart('A sealed share needs the key of its holder: --key FILE.', 2)
  const { origin, party, holder, sealed } = JSON.parse(readFileSync(file, 'utf8')) as ShareFile
  if (desk.origin !== origin)
    throw new CannotStart(`This share is of ${origin}, the custodian is ${desk.origin}.`, 3)
  const privateKey = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64url')
  const about = { origin, set: desk.set, party, holder }
  try {
    return await openShare(Buffer.from(sealed, 'base64url'), privateKey, about)
  } finally {
    privateKey.fill(0)
  }
}

function sentenceOf(purpose: Purpose, answer: Record<string, unknown>): string {
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
