import { readFileSync } from 'node:fs'
import { approvalText, type Decision } from '../../custody/approvals/approval.ts'
import { newNonce, proposalId, readProposal } from '../../custody/approvals/document.ts'
import type { Wish } from '../../custody/approvals/ground.ts'
import { neededWords } from '../../custody/approvals/needed-words.ts'
import type { Act } from '../../custody/approvals/policy.ts'
import { canonical, type Json } from '../../custody/canonical.ts'
import { printable } from '../../custody/printable.ts'
import { CannotStart } from '../cannot-start.ts'
import { show, showWould } from '../show.ts'
import { type AskerFlags, executingAs, lookingAs } from './asker.ts'
import { ask, sshSign } from './client.ts'
import { follow, showOutcome } from './following.ts'
import { type PersonFlags, signer } from './person.ts'
import type { DryRunFlags, ReachFlags, RepeatFlags } from './reach-flags.ts'

interface WishFlags extends PersonFlags {
  readonly tenant: string
  readonly reason: string
  /** JSON file with the act's parameters. */
  readonly params?: string
  readonly dryRun?: boolean
}

/** What an act is told. */
type ActParams = { readonly [name: string]: Json }

const HOURS = 72 * 3_600_000

interface ProposeFlags extends WishFlags, RepeatFlags {
  /** Minutes to wait until it is carried out. */
  readonly wait?: number
}

/** `treuhand custodian propose ACT` */
export async function propose(flags: ProposeFlags, act: Act): Promise<void> {
  await proposeAct(flags, act, readParams(flags.params))
}

/**
 * Proposes an act; the proposal is shown before it is signed.
 *
 * @returns the proposal's document
 */
export async function proposeAct(flags: ProposeFlags, act: Act, params: ActParams): Promise<string> {
  const document = await draft(flags, act, params)
  process.stderr.write(`${describe(document)}\n`)
  if (flags.dryRun) {
    showWould(flags, await ask(flags, 'POST', '/v1/proposals', { document, dryRun: true }))
    return document
  }
  const signature = await sshSign(flags.sign, document)
  const kept = await ask(flags, 'POST', '/v1/proposals', { document, signature })
  const id = proposalId(document)
  if (flags.wait !== undefined) await follow(flags, id, flags.wait)
  else {
    show(flags, kept, `Proposed. Others approve it by: treuhand custodian approve ${id}`)
    process.exitCode = 5
  }
  return document
}

/** `treuhand custodian approve|reject|veto ID`: shows what is decided on, from its own bytes, before signing. */
export async function decide(
  decision: Decision,
  flags: PersonFlags & { readonly dryRun?: boolean },
  id: string,
): Promise<void> {
  const look = await lookingAs(flags)()
  const { body } = (await ask(flags, 'GET', `/v1/proposals/${id}`, undefined, look)) as unknown as {
    body: { document: string }
  }
  if (proposalId(body.document) !== id)
    throw new CannotStart('The custodian shows another proposal than the one asked for.', 9)
  const { origin, expires } = readProposal(Buffer.from(body.document))
  process.stderr.write(`${describe(body.document)}\n`)
  const text = approvalText({
    origin,
    decision,
    proposal: id,
    signer: signer(flags),
    expires,
    nonce: newNonce(),
  })
  if (flags.dryRun) return showWould(flags, await ask(flags, 'POST', '/v1/decisions', { text, dryRun: true }))
  const kept = await ask(flags, 'POST', '/v1/decisions', { text, signature: await sshSign(flags.sign, text) })
  show(flags, kept, `Signed. The proposal is ${(kept['body'] as { state: string }).state}.`)
}

/** `treuhand custodian execute ID` */
export async function execute(
  flags: ReachFlags & AskerFlags & DryRunFlags & { readonly wait?: number },
  id: string,
): Promise<void> {
  if (flags.wait !== undefined && !flags.dryRun) return await follow(flags, id, flags.wait)
  const { dryRun } = flags
  const as = await executingAs(flags, id)
  const answer = await ask(flags, 'POST', `/v1/proposals/${id}/execute`, { dryRun }, as)
  if (flags.dryRun) showWould(flags, answer)
  else showOutcome(flags, answer)
}

/** `treuhand custodian seal|kill|revoke|tighten`: what one officer or delegate may do alone. */
export async function alone(
  act: 'seal' | 'kill' | 'revoke' | 'tighten' | 'suspend',
  flags: WishFlags,
): Promise<void> {
  const document = await draft(flags, act, readParams(flags.params))
  process.stderr.write(`${describe(document)}\n`)
  const { origin, created } = readProposal(Buffer.from(document))
  const about = { origin, proposal: proposalId(document), signer: signer(flags), nonce: newNonce() }
  const text = approvalText({ ...about, decision: 'approve', expires: created + HOURS })
  const path = act === 'seal' || act === 'kill' ? '/v1/close' : '/v1/alone'
  if (flags.dryRun) return showWould(flags, await ask(flags, 'POST', path, { document, text, dryRun: true }))
  const answer = await ask(flags, 'POST', path, {
    document,
    text,
    signature: await sshSign(flags.sign, text),
  })
  show(flags, answer, `Done: ${act}.`)
}

function readParams(file: string | undefined): ActParams {
  return file === undefined ? {} : (JSON.parse(readFileSync(file, 'utf8')) as ActParams)
}

async function draft({ tenant, reason, ...flags }: WishFlags, act: Act, params: ActParams): Promise<string> {
  return await draftOf(flags, { act, tenant, reason, params, proposer: signer(flags) })
}

/** Has the custodian write a proposal, and makes sure that it is the one that was wished for. */
export async function draftOf(flags: ReachFlags, wish: Wish): Promise<string> {
  const { act, tenant, reason, params } = wish
  const { document } = (await ask(flags, 'POST', '/v1/drafts', wish)) as { document: string }
  const read = readProposal(Buffer.from(document))
  const same =
    read.act === act &&
    read.tenant === tenant &&
    read.reason === reason &&
    canonical(read.params) === canonical(params)
  if (!same)
    throw new CannotStart(
      'The custodian drafted another proposal than the one asked for. Sign nothing, and look into it.',
      9,
    )
  return document
}

/** What a person reads before signing. */
export function describe(document: string): string {
  const { act, tenant, params, reason, needed, expires } = readProposal(Buffer.from(document))
  return [
    `  act      ${act}`,
    `  tenant   ${printable(tenant)}`,
    `  params   ${printable(canonical(params))}`,
    `  reason   ${printable(reason)}`,
    `  needs    ${neededWords(needed)}`,
    `  expires  ${new Date(expires).toISOString()}`,
    `  digest   ${proposalId(document)}`,
  ].join('\n')
}
