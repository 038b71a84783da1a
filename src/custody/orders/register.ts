import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Entry } from '../log/entry.ts'
import { liftBar, type OrderRecord, takeOrder } from './order.ts'

const FIELDS = ['authority', 'legalBase', 'reach', 'document', 'tenant', 'legalBar'] as const

/**
 * Takes an order into the register, under its document's hash, once.
 * @param by fingerprint of the officer who received it
 * @throws CustodyError `Malformed`, `Conflict`
 */
export async function registerOrder(
  custody: Custody,
  params: { readonly [name: string]: Json },
  by: string,
): Promise<OrderRecord> {
  if (!FIELDS.every(name => typeof params[name] === 'string'))
    throw new CustodyError('Malformed', `An order has ${FIELDS.join(', ')}.`)
  const order = takeOrder(params as unknown as OrderRecord, custody.now())
  return (await custody.keep('order', order.document, undefined, order, entryOf(order, custody.now(), by)))
    .body
}

/**
 * Tells the customer of an order once the law that forbade it no longer does.
 *
 * @param document SHA-256 of the order's document, hex
 * @param by fingerprint of the officer who says so
 * @throws CustodyError `Unknown`, `Conflict`
 */
export async function liftOrderBar(custody: Custody, document: string, by: string): Promise<OrderRecord> {
  const kept = await custody.opened().records.find<OrderRecord>('order', document)
  if (!kept) throw new CustodyError('Unknown', 'There is no such order in the register.')
  const order = liftBar(kept.body, custody.now())
  return (await custody.keep('order', document, kept, order, entryOf(order, custody.now(), by))).body
}

/** The log is how the customer is told, by its mirror: under a legal bar it does not name who asked, or why. */
function entryOf(order: OrderRecord, at: number, by: string): Entry {
  const { document, tenant, authority, legalBase, reach, received } = order
  const told = order.customerTold > 0
  const body = { document, tenant, told, by, ...(told && { authority, legalBase, reach, received }) }
  return { type: 'order', at, body }
}
