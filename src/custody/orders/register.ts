import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { type OrderRecord, takeOrder } from './order.ts'

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
  const { document, tenant } = order
  const told = order.customerTold > 0
  const entry = { type: 'order', at: custody.now(), body: { document, tenant, told, by } } as const
  return (await custody.keep('order', document, undefined, order, entry)).body
}
