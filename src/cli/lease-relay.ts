import { type Custodian, type KeyUse, type Lease, type LeaseAsk, NoLease } from '../keys/custodian.ts'

/**
 * Leases between the processes of one proxy: the primary holds the custodian, its workers ask it over the
 * channel that Node gives a child process. The channel ends with either process.
 */

/** Either end of the channel. */
export interface Channel {
  send(message: RelayMessage): void
  onMessage(listener: (message: unknown) => void): void
}

type RelayMessage =
  | { readonly lease: 'ask'; readonly id: number; readonly ask: LeaseAsk }
  | { readonly lease: 'use'; readonly id: number; readonly use: KeyUse }
  | { readonly lease: 'given'; readonly id: number; readonly given: Lease | Uint8Array }
  | {
      readonly lease: 'refused'
      readonly id: number
      readonly reason: NoLease['reason']
      readonly message: string
    }
  | { readonly lease: 'revoked'; readonly keys: 'all' | readonly string[] }

const isRelayed = (message: unknown): message is RelayMessage =>
  typeof message === 'object' && message !== null && 'lease' in message

/** The primary's end, one a worker. */
export function relayLeases(custodian: Custodian, worker: Channel): void {
  worker.onMessage(message => {
    if (!isRelayed(message)) return
    if (message.lease === 'ask') void answer(worker, message.id, custodian.lease(message.ask))
    if (message.lease === 'use') void answer(worker, message.id, custodian.useKey(message.use))
  })
  custodian.onRevoked(keys => worker.send({ lease: 'revoked', keys }))
}

/** Sends what comes of an ask, and overwrites it here. */
async function answer(worker: Channel, id: number, asked: Promise<Lease | Uint8Array>): Promise<void> {
  try {
    const given = await asked
    worker.send({ lease: 'given', id, given })
    if (given instanceof Uint8Array) given.fill(0)
    else for (const { key } of given.keys) key?.fill(0)
  } catch (error) {
    const reason = error instanceof NoLease ? error.reason : 'unreachable'
    worker.send({ lease: 'refused', id, reason, message: (error as Error).message })
  }
}

/** A worker's end: the primary's custodian, as if it were here. */
export function relayedCustodian(primary: Channel): Custodian {
  const asked = new Map<number, PromiseWithResolvers<Lease | Uint8Array>>()
  const listeners: ((keys: 'all' | readonly string[]) => void)[] = []
  let last = 0
  primary.onMessage(message => {
    if (!isRelayed(message)) return
    if (message.lease === 'revoked') for (const listener of listeners) listener(message.keys)
    if (message.lease === 'given') asked.get(message.id)?.resolve(message.given)
    if (message.lease === 'refused')
      asked.get(message.id)?.reject(new NoLease(message.reason, message.message))
    if (message.lease === 'given' || message.lease === 'refused') asked.delete(message.id)
  })
  const ask = (message: (id: number) => RelayMessage): Promise<unknown> => {
    const answer = Promise.withResolvers<Lease | Uint8Array>()
    asked.set(++last, answer)
    primary.send(message(last))
    return answer.promise
  }
  return {
    async lease(wanted) {
      return (await ask(id => ({ lease: 'ask', id, ask: wanted }))) as Lease
    },
    async useKey(use) {
      return (await ask(id => ({ lease: 'use', id, use }))) as Uint8Array
    },
    onRevoked(listener) {
      listeners.push(listener)
    },
    async close() {},
  }
}
