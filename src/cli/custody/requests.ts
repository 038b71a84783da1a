import { readFileSync } from 'node:fs'
import type { Json } from '../../custody/canonical.ts'
import { writeTicket } from '../../keys/remote/enrol.ts'
import { show, showWould } from '../show.ts'
import { ask } from './client.ts'
import { type PersonFlags, signedRequest } from './person.ts'
import type { DryRunFlags } from './reach-flags.ts'

/** What an officer or delegate has done at their own signed word: tickets, tokens, the register of orders. */
type AskFlags = PersonFlags & DryRunFlags

interface TicketFlags extends AskFlags {
  readonly buckets: readonly string[]
}

/** `treuhand custodian ticket TENANT`: a one-time ticket for a proxy's operator. */
export async function ticket(flags: TicketFlags, tenant: string): Promise<void> {
  const answer = await request(flags, 'enrolment-ticket', { tenant, buckets: [...flags.buckets] })
  if (flags.dryRun) return showWould(flags, answer)
  const { secret, authority } = answer as { secret: string; authority: string }
  show(
    flags,
    answer,
    `${writeTicket({ secret, authority })}\n\nIt admits one proxy within the hour. Hand it over in person.`,
  )
}

interface TokenFlags extends AskFlags {
  readonly days: number
  readonly networks?: readonly string[]
}

/** `treuhand custodian token SCOPE`: a token for a script; shown once, kept nowhere. */
export async function token(flags: TokenFlags, scope: 'operator' | 'rotate' | 'auditor'): Promise<void> {
  const lifetime = flags.days * 24 * 3_600_000
  const answer = await request(flags, 'token', { scope, lifetime, networks: [...(flags.networks ?? [])] })
  if (flags.dryRun) return showWould(flags, answer)
  show(flags, answer, String(answer['secret']))
}

/** `treuhand custodian revoke-token ID`: ends a token at once. */
export async function revokeToken(flags: AskFlags, id: string): Promise<void> {
  const answer = await request(flags, 'revoke-token', { token: id })
  if (flags.dryRun) return showWould(flags, answer)
  show(flags, answer, 'The token counts no more.')
}

/** `treuhand custodian order FILE`: enters an authority's order into the register. */
export async function order(flags: AskFlags, file: string): Promise<void> {
  const answer = await request(flags, 'order', JSON.parse(readFileSync(file, 'utf8')))
  if (flags.dryRun) return showWould(flags, answer)
  const { document } = answer
  show(flags, answer, `Registered. Answer it by the proposal answer-order with {"order": "${document}"}.`)
}

/** `treuhand custodian show-order ORDER`: an order, and its signed answer once there is one. */
export async function showOrder(flags: PersonFlags, document: string): Promise<void> {
  const { answer, ...order } = await request(flags, 'show-order', { order: document })
  show(flags, { ...order, answer }, `${JSON.stringify(order, undefined, 2)}\n${answer}`)
}

/** `treuhand custodian lift-bar ORDER`: tells the customer, now that no law forbids it any more. */
export async function liftBar(flags: AskFlags, document: string): Promise<void> {
  const answer = await request(flags, 'lift-bar', { order: document })
  if (flags.dryRun) return showWould(flags, answer)
  show(flags, answer, 'The log tells the customer now.')
}

interface ReportFlags extends AskFlags {
  readonly from: Date
  readonly to: Date
}

/** `treuhand custodian transparency`: counts of orders, signed and entered into the log for publication. */
export async function transparency({ from, to, ...flags }: ReportFlags): Promise<void> {
  const times = { from: from.getTime(), to: to.getTime() }
  const answer = await request(flags, 'transparency-report', times)
  if (flags.dryRun) return showWould(flags, answer)
  show(flags, answer, JSON.stringify(answer['report'], undefined, 2))
}

/** Asks for what an officer or delegate gets at their own signed word. */
export async function request(flags: AskFlags, act: string, params: Json): Promise<Record<string, unknown>> {
  return await ask(flags, 'POST', '/v1/requests', await signedRequest(flags, act, params))
}
