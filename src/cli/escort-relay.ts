import { NoLease } from '../keys/custodian.ts'
import type { Escorts } from '../keys/escorts.ts'

/**
 * Escorted accesses between the processes of one proxy: the primary asks the custodian, its workers ask it over the
 * channel that Node gives a child process, as they ask for leases.
 */

type Call = 'find' | 'admit' | 'answered'
type RelayMessage =
  | { readonly escort: Call; readonly id: number; readonly args: readonly unknown[] }
  | { readonly escort: 'given'; readonly id: number; readonly given: unknown }
  | {
      readonly escort: 'refused'
      readonly id: number
      readonly reason: NoLease['reason']
      readonly message: string
    }
  | { readonly escort: 'ended'; readonly ids: 'all' | readonly string[] }

/** Either end of the channel. */
interface Channel {
  send(message: RelayMessage): void
  onMessage(listener: (message: unknown) => void): void
}

const isRelayed = (message: unknown): message is RelayMessage =>
  typeof message === 'object' && message !== null && 'escort' in message

/** The primary's end, one a worker. */
export function relayEscorts(escorts: Escorts, worker: Channel): void {
  worker.onMessage(message => {
    if (isRelayed(message) && 'args' in message) void answer(escorts, worker, message)
  })
  escorts.onEnded(ids => worker.send({ escort: 'ended', ids }))
}

async function answer(
  escorts: Escorts,
  worker: Channel,
  { escort, id, args }: Extract<RelayMessage, { escort: Call }>,
): Promise<void> {
  try {
    const given = await (escorts[escort] as (...args: readonly unknown[]) => Promise<unknown>)(...args)
    worker.send({ escort: 'given', id, given })
  } catch (error) {
    const reason = error instanceof NoLease ? error.reason : 'unreachable'
    worker.send({ escort: 'refused', id, reason, message: (error as Error).message })
  }
}

/** A worker's end: the primary's escorts, as if they were here. */
export function relayedEscorts(primary: Channel): Escorts {
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  const listeners: ((ids: 'all' | readonly string[]) => void)[] = []
  let last = 0
  primary.onMessage(message => {
    if (!isRelayed(message)) return
    if (message.escort === 'ended') for (const listener of listeners) listener(message.ids)
    if (message.escort === 'given') asked.get(message.id)?.resolve(message.given)
    if (message.escort === 'refused')
      asked.get(message.id)?.reject(new NoLease(message.reason, message.message))
    if (message.escort === 'given' || message.escort === 'refused') asked.delete(message.id)
  })
  const ask = async <Answer>(escort: Call, ...args: readonly unknown[]): Promise<Answer> => {
    const answer = Promise.withResolvers<unknown>()
    asked.set(++last, answer)
    primary.send({ escort, id: last, args })
    return (await answer.promise) as Answer
  }
  return {
    find: (id, day, region) => ask('find', id, day, region),
    admit: request => ask('admit', request),
    answered: answer => ask('answered', answer),
    onEnded: listener => void listeners.push(listener),
  }
}
