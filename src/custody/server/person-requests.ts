import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { makeEnrolmentToken } from '../enrolment.ts'
import { certifyErasure } from '../erasure/erasure.ts'
import { CustodyError } from '../errors.ts'
import { listEscorts } from '../escorts/list.ts'
import { fetchDeposit } from '../export/deposit.ts'
import { fetchExport } from '../export/kept-exports.ts'
import { findOrder, liftOrderBar, registerOrder } from '../orders/register.ts'
import { publishReport } from '../orders/transparency.ts'
import { makeToken, revokeToken, type TokenScope } from '../tokens.ts'

type Params = { readonly [name: string]: Json }
type Answer = (custody: Custody, params: Params, by: string) => Promise<object>

/** What an officer or delegate gets at their own signed word, by the name of the request. */
const REQUESTS: Readonly<Record<string, Answer>> = {
  'enrolment-ticket': async (custody, params, by) =>
    await makeEnrolmentToken(custody, text(params['tenant']), list(params['buckets']), by),
  token: async (custody, params, by) => {
    const scope = text(params['scope']) as TokenScope
    if (!['operator', 'rotate', 'auditor'].includes(scope))
      throw new CustodyError('Malformed', 'There is no such scope.')
    return await makeToken(custody, scope, Number(params['lifetime']), list(params['networks']), by)
  },
  'revoke-token': async (custody, params, by) => {
    await revokeToken(custody, text(params['token']), by)
    return {}
  },
  order: async (custody, params, by) => await registerOrder(custody, params, by),
  'show-order': async (custody, params) => (await findOrder(custody, text(params['order']))).body,
  'lift-bar': async (custody, params, by) => await liftOrderBar(custody, text(params['order']), by),
  'transparency-report': async (custody, params, by) =>
    await publishReport(custody, Number(params['from']), Number(params['to']), by),
  'certify-erasure': async (custody, params) => await certifyErasure(custody, text(params['proposal'])),
  deposit: async (custody, params, by) => await fetchDeposit(custody, text(params['tenant']), by),
  escorts: async custody => ({ escorts: await listEscorts(custody) }),
  export: async (custody, params) => await fetchExport(custody, text(params['proposal'])),
}

/** @throws CustodyError `Malformed` for a request that nobody knows */
export async function answerPerson(
  custody: Custody,
  act: string,
  params: Params,
  by: string,
): Promise<object> {
  const answer = Object.hasOwn(REQUESTS, act) ? REQUESTS[act] : undefined
  if (answer) return await answer(custody, params, by)
  throw new CustodyError('Malformed', `There is no request ${act}.`)
}

function text(value: Json | undefined): string {
  if (typeof value === 'string' && value.length > 0) return value
  throw new CustodyError('Malformed', 'The request lacks a parameter.')
}

function list(value: Json | undefined): string[] {
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value as string[]
  throw new CustodyError('Malformed', 'The request lacks a list.')
}
