import { type Custodian, type Lease, type LeaseAsk, NoLease } from '../keys/custodian.ts'

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
  | { readonly lease: 'given'; readonly id: number; readonly given: Lease }
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
    if (!isRelayed(message) || message.lease !== 'ask') return
    const { id, ask } = message
    custodian.lease(ask).then(
      given => {
        worker.send({ lease: 'given', id, given })
        for (const { key } of given.keys) key.fill(0)
      },
      (error: Error) => {
        const reason = error instanceof NoLease ? error.reason : 'unreachable'
        worker.send({ lease: 'refused', id, reason, message: error.message })
      },
    )
  })
  custodian.onRevoked(keys => worker.send({ lease: 'revoked', keys }))
}

/** A worker's end: the primary's custodian, as if it were here. */
export function relayedCustodian(primary: Channel): Custodian {
  const asked = new Map<number, PromiseWithResolvers<Lease>>()
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
  return {
    lease(ask) {
      const answer = Promise.withResolvers<Lease>()
      asked.set(++last, answer)
      primary.send({ lease: 'ask', id: last, ask })
      return answer.promise
    },
    onRevoked(listener) {
      listeners.push(listener)
    },
    async close() {},
  }
}
