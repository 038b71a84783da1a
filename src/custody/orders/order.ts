import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'

/** An authority's order, as the register keeps it. */
export type OrderRecord = {
  readonly authority: string
  /** The law that it names. */
  readonly legalBase: string
  /** What it asks for, in its own words. */
  readonly reach: string
  /** SHA-256 of the document, hex: the document itself stays with the lawyers. */
  readonly document: string
  /** Milliseconds since 1970. */
  readonly received: number
  /** The tenant that it concerns; `*` for all. */
  readonly tenant: string
  /** The law that forbids to tell the customer; empty where none does. */
  readonly legalBar: string
  /** Milliseconds since 1970 at which the customer was told; 0 where it was not. */
  readonly customerTold: number
  readonly state: OrderState
  /** The signed answer; empty until there is one. */
  readonly answer: string
}
/**
 * An order as its record has it. The customer mirrors the log, and with it every record: under a legal bar
 * all but the document's hash is concealed.
 */
export type OrderRow = { readonly document: string; readonly order: OrderRecord | string }

export type OrderState = 'received' | 'answered' | 'withdrawn'

export type NewOrder = Pick<
  OrderRecord,
  'authority' | 'legalBase' | 'reach' | 'document' | 'tenant' | 'legalBar'
>

/**
 * Takes an order into the register. The customer is told at once, unless a law that is named forbids it.
 * @throws CustodyError `Malformed`
 */
export function takeOrder(order: NewOrder, now: number): OrderRecord {
  const texts = [order.authority, order.legalBase, order.reach, order.tenant]
  if (!texts.every(text => text.length > 0 && text.length <= 2000))
    throw new CustodyError(
      'Malformed',
      'an order names its authority, its legal base, its reach and the tenant',
    )
  if (!/^[0-9a-f]{64}$/.test(order.document))
    throw new CustodyError('Malformed', 'an order comes with the SHA-256 of its document in hex')
  const { authority, legalBase, reach, document, tenant, legalBar } = order
  const customerTold = legalBar === '' ? now : 0
  return {
    authority,
    legalBase,
    reach,
    document,
    tenant,
    legalBar,
    received: now,
    customerTold,
    state: 'received',
    answer: '',
  }
}

/** Tells the customer later, when the bar has fallen. */
export function liftBar(order: OrderRecord, now: number): OrderRecord {
  if (order.customerTold > 0) throw new CustodyError('Conflict', 'the customer was told already')
  return { ...order, legalBar: '', customerTold: now }
}

/** @param answer the signed answer */
export function answerOrder(order: OrderRecord, answer: string): OrderRecord {
  if (order.state !== 'received') throw new CustodyError('Conflict', `the order is ${order.state} already`)
  return { ...order, state: 'answered', answer }
}

/** How the custodian keeps its keys when it answers: the reader judges from it what could be compelled. */
export interface Holding {
  /** Whether the trustee also runs the store, and so holds ciphertext. */
  readonly ciphertext: boolean
  readonly seal: string
  readonly sealed: boolean
  /** Whether the seal opens without people: then the host's owner can. */
  readonly unattended: boolean
  /** Whether the customer holds a half of the tenant's keys. */
  readonly split: boolean
  /** Size and root of the log. */
  readonly checkpoint: string
}

/**
 * The default answer: what is held, which keys are not, and how they are sealed. It promises nothing that the
 * construction does not give.
 */
export function defaultAnswer(order: OrderRecord, holding: Holding): { readonly [name: string]: Json } {
  const held = holding.ciphertext
    ? ['ciphertext', 'sizes', 'times', 'object names']
    : ['names of tenants and buckets', 'wrapped keys', 'the log']
  const notHeld = ['plaintext', 'hashes of plaintext', 'keys of objects']
  if (holding.split) notHeld.push("the customer's half of its keys, without which none opens")
  if (holding.sealed)
    notHeld.push('the root key, which only the holders of its shares together can give back')
  return {
    order: order.document,
    authority: order.authority,
    tenant: order.tenant,
    held,
    notHeld,
    seal: holding.seal,
    sealed: holding.sealed,
    unattended: holding.unattended,
    checkpoint: holding.checkpoint,
    customerTold: order.customerTold > 0,
  }
}
