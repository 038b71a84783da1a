import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { assertTenant, makeEnrolmentToken } from '../enrolment.ts'
import { certifiable, certifyErasure } from '../erasure/erasure.ts'
import { CustodyError } from '../errors.ts'
import { listEscorts } from '../escorts/list.ts'
import { depositedTo, fetchDeposit } from '../export/deposit.ts'
import { fetchExport } from '../export/kept-exports.ts'
import { liftBar } from '../orders/order.ts'
import { findOrder, liftOrderBar, newOrder, registerOrder } from '../orders/register.ts'
import { publishReport, reportOf } from '../orders/transparency.ts'
import type { PersonRequest } from '../signed-request.ts'
import { assertLifetime, findToken, makeToken, revokeToken } from '../tokens.ts'
import { REQUEST_ANSWERS } from './answers.ts'
import { wouldBe } from './dry-run.ts'

type Params = PersonRequest['params']
type RequestName = keyof typeof REQUEST_ANSWERS

/** What is done at a person's word. */
interface Act {
  /** Says what would be done. @throws CustodyError as `act` would, before anything is changed */
  judge(custody: Custody, params: Params): Promise<string>
  act(custody: Custody, params: Params, by: string): Promise<object>
}

/** What an officer or delegate has done at their own signed word, by the name of the request. */
const ACTS: Readonly<Partial<Record<RequestName, Act>>> = {
  'enrolment-ticket': {
    async judge(custody, params) {
      const tenant = text(params['tenant'])
      await assertTenant(custody, tenant)
      return `A ticket would admit one proxy of ${tenant} to ${list(params['buckets']).join(', ')}.`
    },
    act: async (custody, params, by) =>
      await makeEnrolmentToken(custody, text(params['tenant']), list(params['buckets']), by),
  },
  token: {
    async judge(custody, params) {
      const { scope, lifetime, networks } = tokenOf(params)
      assertLifetime(lifetime)
      const until = new Date(custody.now() + lifetime).toISOString()
      return `A token of scope ${scope} would count until ${until}, from ${networks.join(', ') || 'anywhere'}.`
    },
    async act(custody, params, by) {
      const { scope, lifetime, networks } = tokenOf(params)
      return await makeToken(custody, scope, lifetime, networks, by)
    },
  },
  'revoke-token': {
    async judge(custody, params) {
      const { id, body } = await findToken(custody, text(params['token']))
      return `The token ${id} of scope ${body.scope} would count no more.`
    },
    async act(custody, params, by) {
      await revokeToken(custody, text(params['token']), by)
      return {}
    },
  },
  order: {
    async judge(custody, params) {
      const { authority, tenant, customerTold } = await newOrder(custody, params)
      const told = customerTold > 0 ? 'is told' : 'is not told while the legal bar stands'
      return `The order of ${authority} over ${tenant} would be registered; the customer ${told}.`
    },
    act: async (custody, params, by) => await registerOrder(custody, params, by),
  },
  'lift-bar': {
    async judge(custody, params) {
      const { authority } = liftBar((await findOrder(custody, text(params['order']))).body, custody.now())
      return `The log would tell the customer of the order of ${authority}.`
    },
    act: async (custody, params, by) => await liftOrderBar(custody, text(params['order']), by),
  },
  'transparency-report': {
    async judge(custody, params) {
      const { received, answered } = await reportOf(custody, ...span(params))
      return `A report that counts ${orders(Number(received))} received and ${Number(answered)} answered would be signed and logged.`
    },
    act: async (custody, params, by) => await publishReport(custody, ...span(params), by),
  },
  'certify-erasure': {
    async judge(custody, params) {
      const { destroyed } = (await certifiable(custody, text(params['proposal']))).body
      return `It would be certified that nothing is left of ${destroyed!.keys} keys.`
    },
    act: async (custody, params) => await certifyErasure(custody, text(params['proposal'])),
  },
  deposit: {
    async judge(custody, params) {
      const tenant = text(params['tenant'])
      return `The keys of ${tenant} that are sealed to ${await depositedTo(custody, tenant)} would be handed out.`
    },
    act: async (custody, params, by) => await fetchDeposit(custody, text(params['tenant']), by),
  },
}

/** What an officer or delegate reads at their own signed word: it changes nothing, dry run or not. */
const READINGS: Readonly<
  Partial<Record<RequestName, (custody: Custody, params: Params) => Promise<object>>>
> = {
  'show-order': async (custody, params) => (await findOrder(custody, text(params['order']))).body,
  escorts: async custody => ({ escorts: await listEscorts(custody) }),
  export: async (custody, params) => await fetchExport(custody, text(params['proposal'])),
}

/** @throws CustodyError `Malformed` for a request that nobody knows */
export async function answerPerson(custody: Custody, request: PersonRequest): Promise<object> {
  const { act: name, params, by, dryRun } = request
  if (!isRequestName(name)) throw new CustodyError('Malformed', `There is no request ${name}.`)
  const reading = READINGS[name]
  if (reading) return await reading(custody, params)
  const act = ACTS[name]!
  const would = await act.judge(custody, params)
  return dryRun ? wouldBe(would) : await act.act(custody, params, by)
}

const isRequestName = (name: string): name is RequestName => Object.hasOwn(REQUEST_ANSWERS, name)

function tokenOf(params: Params) {
  const scope = text(params['scope'])
  if (scope !== 'operator' && scope !== 'rotate' && scope !== 'auditor')
    throw new CustodyError('Malformed', 'There is no such scope.')
  return { scope, lifetime: Number(params['lifetime']), networks: list(params['networks']) } as const
}

const orders = (count: number) => `${count} order${count === 1 ? '' : 's'}`

const span = (params: Params) => [Number(params['from']), Number(params['to'])] as const

function text(value: Json | undefined): string {
  if (typeof value === 'string' && value.length > 0) return value
  throw new CustodyError('Malformed', 'The request lacks a parameter.')
}

function list(value: Json | undefined): string[] {
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value as string[]
  throw new CustodyError('Malformed', 'The request lacks a list.')
}
