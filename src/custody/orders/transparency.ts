import type { Json } from '../canonical.ts'
import type { OrderRecord } from './order.ts'

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
