import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Entry } from '../log/entry.ts'
import type { Kept } from '../records.ts'
import { liftBar, type OrderRecord, type OrderRow, takeOrder } from './order.ts'

const FIELDS = ['authority', 'legalBase', 'reach', 'document', 'tenant', 'legalBar'] as const

/**
 * Takes an order into the register, under its document's hash, once.
 *
 * @param by fingerprint of the officer who received it
 * @throws CustodyError `Malformed`, `Conflict`
 */
export async function registerOrder(
  custody: Custody,
  params: { readonly [name: string]: Json },
  by: string,
): Promise<OrderRecord> {
  const order = await newOrder(custody, params)
  return await keepOrder(custody, undefined, order, { type: 'order', at: custody.now(), body: { by } })
}

/**
 * An order as the register would take it.
 *
 * @throws CustodyError `Malformed`, `Conflict`
 */
export async function newOrder(
  custody: Custody,
  params: { readonly [name: string]: Json },
): Promise<OrderRecord> {
  if (!FIELDS.every(name => typeof params[name] === 'string'))
    throw new CustodyError('Malformed', `An order has ${FIELDS.join(', ')}.`)
  const order = takeOrder(params as unknown as OrderRecord, custody.now())
  if (await custody.opened().records.find('order', order.document))
    throw new CustodyError('Conflict', 'This order is in the register already.')
  return order
}

/**
 * Tells the customer of an order once the law that forbade it no longer does.
 *
 * @param document SHA-256 of the order's document, hex
 * @param by fingerprint of the officer who says so
 * @throws CustodyError `Unknown`, `Conflict`
 */
export async function liftOrderBar(custody: Custody, document: string, by: string): Promise<OrderRecord> {
  const kept = await findOrder(custody, document)
  const order = liftBar(kept.body, custody.now())
  return await keepOrder(custody, kept, order, { type: 'order', at: custody.now(), body: { by } })
}

/** @throws CustodyError `Unknown` */
export async function findOrder(custody: Custody, document: string): Promise<Kept<OrderRecord>> {
  const kept = await custody.opened().records.find<OrderRow>('order', document)
  if (!kept) throw new CustodyError('Unknown', 'There is no such order in the register.')
  return { ...kept, body: readRow(custody, kept.body) }
}

export async function allOrders(custody: Custody): Promise<OrderRecord[]> {
  const rows = await custody.opened().records.all<OrderRow>('order')
  return rows.map(({ body }) => readRow(custody, body))
}

/** Keeps an order together with its log entry. */
export async function keepOrder(
  custody: Custody,
  before: Kept<OrderRecord> | undefined,
  order: OrderRecord,
  entry: Entry,
): Promise<OrderRecord> {
  const { document, legalBar } = order
  const shown = legalBar === '' ? order : custody.opened().records.conceal(order)
  const row = before && { ...before, body: { document, order: shown } }
  await custody.keep('order', document, row, { document, order: shown }, entry)
  return order
}

function readRow(custody: Custody, { order }: OrderRow): OrderRecord {
  return typeof order === 'string' ? (custody.opened().records.reveal(order) as OrderRecord) : order
}
