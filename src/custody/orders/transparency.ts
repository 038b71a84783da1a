import { statementEntry } from '../../evidence/evidence.ts'
import { signStatement } from '../../evidence/statement.ts'
import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { OrderRecord } from './order.ts'
import { allOrders } from './register.ts'

/**
 * Counts of the orders that came within a time, for publication: never an authority's or a tenant's name. That
 * a legal bar stands is counted too, since a count alone tells nobody whom it concerns.
 *
 * @param from milliseconds since 1970, counted in
 * @param to milliseconds since 1970, left out
 */
export function transparencyReport(
  orders: readonly OrderRecord[],
  from: number,
  to: number,
): { readonly [name: string]: Json } {
  const within = orders.filter(({ received }) => received >= from && received < to)
  const count = (test: (order: OrderRecord) => boolean) => within.filter(test).length
  return {
    from,
    to,
    received: within.length,
    answered: count(({ state }) => state === 'answered'),
    withdrawn: count(({ state }) => state === 'withdrawn'),
    open: count(({ state }) => state === 'received'),
    underLegalBar: count(({ legalBar }) => legalBar !== ''),
  }
}

/** @throws CustodyError `Malformed` */
export async function reportOf(
  custody: Custody,
  from: number,
  to: number,
): Promise<ReturnType<typeof transparencyReport>> {
  const times = Number.isSafeInteger(from) && Number.isSafeInteger(to)
  if (!(times && from >= 0 && from < to && to <= custody.now()))
    throw new CustodyError('Malformed', 'A report counts from a time to a later one that has passed.')
  return transparencyReport(await allOrders(custody), from, to)
}

/**
 * Signs the report and enters it into the log, from whose mirror anybody takes it (`treuhand evidence extract`).
 *
 * @param by fingerprint of the officer who asked for it
 * @throws CustodyError `Malformed`
 */
export async function publishReport(
  custody: Custody,
  from: number,
  to: number,
  by: string,
): Promise<{ readonly report: Json; readonly statement: string }> {
  const report = await reportOf(custody, from, to)
  const made = custody.now()
  const { log } = custody.opened()
  const kind = 'transparency-report'
  const statement = signStatement({ origin: custody.origin, kind, made, body: report }, log.signer)
  const entry = statementEntry(statement, kind, made)
  await log.append({ ...entry, body: { ...entry.body, by } })
  return { report, statement }
}
