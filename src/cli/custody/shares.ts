import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotStart } from '../cannot-start.ts'
import { show, showWould } from '../show.ts'
import { ask } from './client.ts'
import { makeHpkeKey } from './new-key.ts'
import { signedRequest } from './person.ts'
import type { DryRunFlags, ReachFlags } from './reach-flags.ts'

/** `treuhand custodian holder-key`: makes the key that a share is sealed to, before the ceremony. */
export async function makeHolderKey(
  flags: { readonly json?: boolean } & DryRunFlags,
  file: string,
): Promise<void> {
  await makeHpkeKey(flags, file, '. Give this to whoever runs the ceremony:')
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
  if (flags.dryRun)
    return showWould(flags, await ask(flags, 'POST', '/v1/ceremony', { ...file, dryRun: true }))
  const dealing = (await ask(flags, 'POST', '/v1/ceremony', file)) as unknown as Dealing
  handOut(flags, dealing, file.plan.origin, folder, `The root is dealt to ${parties}, and forgotten here.`)
}

async function unattendedCeremony(flags: CeremonyFlags, file: PlanFile): Promise<void> {
  const people = Object.values(file.approvers).map(({ person, role }) => `${person} (${role})`)
  if (flags.dryRun)
    return showWould(flags, await ask(flags, 'POST', '/v1/agreement', { ...file, dryRun: true }))
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
  const order = await signedRequest(flags, 'deal', {})
  if (flags.dryRun) return showWould(flags, await ask(flags, 'POST', '/v1/deals', order))
  const { origin } = (await ask(flags, 'GET', '/v1/status')) as { origin: string }
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
