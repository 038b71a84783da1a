import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { approvalText, type Decision } from '../../custody/approvals/approval.ts'
import { fingerprintOf } from '../../custody/approvals/approver.ts'
import { newNonce, proposalId, readProposal } from '../../custody/approvals/document.ts'
import type { Wish } from '../../custody/approvals/ground.ts'
import type { Act } from '../../custody/approvals/policy.ts'
import { canonical, type Json } from '../../custody/canonical.ts'
import { printable } from '../../custody/printable.ts'
import { REQUEST_LABEL } from '../../custody/signed-request.ts'
import { writeTicket } from '../../keys/remote/enrol.ts'
import { CannotStart } from '../cannot-start.ts'
import { ask, publicKeyLine, show, sshSign } from './client.ts'
import { follow, showOutcome, showState } from './following.ts'
import type { ReachFlags, RepeatFlags } from './reach-flags.ts'

export interface PersonFlags extends ReachFlags {
  /** SSH key file. */
  readonly sign: string
}
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
    show(flags, { document }, 'Nothing was proposed.')
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
  const { body } = (await ask(flags, 'GET', `/v1/proposals/${id}`)) as unknown as {
    body: { document: string }
  }
  if (proposalId(body.document) !== id)
    throw new CannotStart('The custodian shows another proposal than the one asked for.', 9)
  const { origin, expires } = readProposal(Buffer.from(body.document))
  process.stderr.write(`${describe(body.document)}\n`)
  if (flags.dryRun) return show(flags, { document: body.document }, 'Nothing was signed.')
  const text = approvalText({
    origin,
    decision,
    proposal: id,
    signer: signer(flags),
    expires,
    nonce: newNonce(),
  })
  const kept = await ask(flags, 'POST', '/v1/decisions', { text, signature: await sshSign(flags.sign, text) })
  show(flags, kept, `Signed. The proposal is ${(kept['body'] as { state: string }).state}.`)
}

/** `treuhand custodian execute ID` */
export async function execute(
  flags: ReachFlags & { readonly wait?: number; readonly dryRun?: boolean },
  id: string,
): Promise<void> {
  if (flags.dryRun) return await showState(flags, id)
  if (flags.wait !== undefined) return await follow(flags, id, flags.wait)
  showOutcome(flags, await ask(flags, 'POST', `/v1/proposals/${id}/execute`))
}

/** `treuhand custodian seal|kill|revoke|tighten`: what one officer or delegate may do alone. */
export async function alone(
  act: 'seal' | 'kill' | 'revoke' | 'tighten' | 'suspend',
  flags: WishFlags,
): Promise<void> {
  const document = await draft(flags, act, readParams(flags.params))
  process.stderr.write(`${describe(document)}\n`)
  if (flags.dryRun) return show(flags, { document }, 'Nothing was done.')
  const { origin, created } = readProposal(Buffer.from(document))
  const about = { origin, proposal: proposalId(document), signer: signer(flags), nonce: newNonce() }
  const text = approvalText({ ...about, decision: 'approve', expires: created + HOURS })
  const path = act === 'seal' || act === 'kill' ? '/v1/close' : '/v1/alone'
  const answer = await ask(flags, 'POST', path, {
    document,
    text,
    signature: await sshSign(flags.sign, text),
  })
  show(flags, answer, `Done: ${act}.`)
}

interface TicketFlags extends PersonFlags {
  readonly buckets: readonly string[]
}

/** `treuhand custodian ticket TENANT`: a one-time ticket for a proxy's operator. */
export async function ticket(flags: TicketFlags, tenant: string): Promise<void> {
  const answer = await request(flags, 'enrolment-ticket', { tenant, buckets: [...flags.buckets] })
  const { secret, authority } = answer as { secret: string; authority: string }
  show(
    flags,
    answer,
    `${writeTicket({ secret, authority })}\n\nIt admits one proxy within the hour. Hand it over in person.`,
  )
}

interface TokenFlags extends PersonFlags {
  readonly days: number
  readonly networks?: readonly string[]
}

/** `treuhand custodian token SCOPE`: a token for a script; shown once, kept nowhere. */
export async function token(flags: TokenFlags, scope: 'operator' | 'rotate' | 'auditor'): Promise<void> {
  const lifetime = flags.days * 24 * 3_600_000
  const answer = await request(flags, 'token', { scope, lifetime, networks: [...(flags.networks ?? [])] })
  show(flags, answer, String(answer['secret']))
}

/** `treuhand custodian order FILE`: enters an authority's order into the register. */
export async function order(flags: PersonFlags, file: string): Promise<void> {
  const answer = await request(flags, 'order', JSON.parse(readFileSync(file, 'utf8')))
  const { document } = answer
  show(flags, answer, `Registered. Answer it by the proposal answer-order with {"order": "${document}"}.`)
}

/** `treuhand custodian show-order ORDER`: an order, and its signed answer once there is one. */
export async function showOrder(flags: PersonFlags, document: string): Promise<void> {
  const { answer, ...order } = await request(flags, 'show-order', { order: document })
  show(flags, { ...order, answer }, `${JSON.stringify(order, undefined, 2)}\n${answer}`)
}

/** `treuhand custodian lift-bar ORDER`: tells the customer, now that no law forbids it any more. */
export async function liftBar(flags: PersonFlags, document: string): Promise<void> {
  show(flags, await request(flags, 'lift-bar', { order: document }), 'The log tells the customer now.')
}

interface ReportFlags extends PersonFlags {
  readonly from: Date
  readonly to: Date
}

/** `treuhand custodian transparency`: counts of orders, signed and entered into the log for publication. */
export async function transparency({ from, to, ...flags }: ReportFlags): Promise<void> {
  const times = { from: from.getTime(), to: to.getTime() }
  const answer = await request(flags, 'transparency-report', times)
  show(flags, answer, JSON.stringify(answer['report'], undefined, 2))
}

/** Asks for what an officer or delegate gets at their own signed word. */
export async function request(
  flags: PersonFlags,
  act: string,
  params: Json,
): Promise<Record<string, unknown>> {
  return await ask(flags, 'POST', '/v1/requests', await signedRequest(flags, act, params))
}

/** What a person asks for alone, signed. */
export async function signedRequest(
  flags: PersonFlags,
  act: string,
  params: Json,
): Promise<{ document: string; signature: string }> {
  const { origin } = (await ask(flags, 'GET', '/v1/status')) as { origin: string }
  const by = signer(flags)
  const about = { label: REQUEST_LABEL, origin, act, params, by, at: Date.now(), nonce: randomUUID() }
  const document = canonical(about)
  return { document, signature: await sshSign(flags.sign, document) }
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
  const who = needed.alone ? 'one person' : `${needed.officers} officers and ${needed.delegates} delegates`
  const wait = needed.wait > 0 ? `, then ${needed.wait / 3_600_000} h of waiting` : ''
  return [
    `  act      ${act}`,
    `  tenant   ${printable(tenant)}`,
    `  params   ${printable(canonical(params))}`,
    `  reason   ${printable(reason)}`,
    `  needs    ${who}${wait}`,
    `  expires  ${new Date(expires).toISOString()}`,
    `  digest   ${proposalId(document)}`,
  ].join('\n')
}

export function signer({ sign }: Pick<PersonFlags, 'sign'>): string {
  return fingerprintOf({ kind: 'ssh', line: publicKeyLine(sign) })
}
