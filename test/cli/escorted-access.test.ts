import { describe, expect, test, vi } from 'vitest'
import { relayEscorts, relayedEscorts } from '../../src/cli/escort-relay.ts'
import { withEscorts } from '../../src/cli/escorted-access.ts'
import type { Log } from '../../src/cli/log.ts'
import type { AccessKeys, EscortedAccessKey } from '../../src/front/s3/access.ts'
import { NoLease } from '../../src/keys/custodian.ts'
import type { EscortedAnswer, EscortedKey, EscortedRequest, Escorts } from '../../src/keys/escorts.ts'

const ID = `TH0${'A'.repeat(17)}`
const SCOPE = { day: '20261124', region: 'us-east-1' }
const intent = {
  operation: 'GetObject',
  action: 'read',
  bucket: 'photos',
  key: '2026/a',
  address: '192.0.2.1',
} as const
const own: AccessKeys = {
  find: id => (id === 'THOWN' ? { id, secret: 's', tenant: 'acme', grants: [] } : undefined),
}

/** A custodian of people who let everything through until they end it. */
class TestEscorts implements Escorts {
  ended: string | undefined
  unreachable = false
  asked = 0
  readonly requests: EscortedRequest[] = []
  readonly answers: EscortedAnswer[] = []
  readonly #listeners: ((ids: 'all' | readonly string[]) => void)[] = []

  async find(id: string): Promise<EscortedKey | undefined> {
    this.asked++
    this.#judge()
    if (id !== ID) return undefined
    const until = Date.now() + 3_600_000
    const about = { tenant: 'acme', bucket: 'photos', prefixes: ['2026/'], networks: ['192.0.2.0/24'], until }
    return { ...about, actions: ['read'], signingKey: new Uint8Array(32).fill(7) }
  }
  async admit(request: EscortedRequest): Promise<string> {
    this.#judge()
    this.requests.push(request)
    return `r${this.requests.length}`
  }
  async answered(answer: EscortedAnswer): Promise<void> {
    this.#judge()
    this.answers.push(answer)
  }
  onEnded(listener: (ids: 'all' | readonly string[]) => void): void {
    this.#listeners.push(listener)
  }
  end(ids: 'all' | readonly string[], why?: string): void {
    this.ended = why
    for (const listener of this.#listeners) listener(ids)
  }
  #judge(): void {
    if (this.ended) throw new NoLease('refused', this.ended)
    if (this.unreachable) throw new NoLease('unreachable', 'away')
  }
}

function begin() {
  const escorts = new TestEscorts()
  const error = vi.fn()
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error }
  const keys = withEscorts(own, escorts, log)
  const find = async () => (await keys.find(ID, SCOPE)) as EscortedAccessKey
  return { escorts, keys, find, error }
}

describe('an access key of an escorted access', () => {
  test('is asked for once a day and region, and beside it the own ones are found as ever', async () => {
    const { escorts, keys, find } = begin()
    expect(await keys.find('THOWN', SCOPE)).toMatchObject({ secret: 's' })
    expect(await keys.find('THNOBODY', SCOPE)).toBeUndefined()
    expect(await keys.find(`TH0${'B'.repeat(17)}`, SCOPE)).toBeUndefined()
    expect(escorts.asked).toBe(1)
    const key = await find()
    await find()
    expect(escorts.asked).toBe(2)
    await keys.find(ID, { ...SCOPE, day: '20261125' })
    expect(escorts.asked).toBe(3)
    expect(key).toMatchObject({
      id: ID,
      tenant: 'acme',
      grants: [{ buckets: ['photos'], prefixes: ['2026/'] }],
    })
    expect(key).not.toHaveProperty('secret')
  })

  test('allows nothing by itself: each request is asked for, and its answer told', async () => {
    const { escorts, find } = begin()
    const { escort } = await find()
    const escorted = await escort.admit(intent)
    await escorted.answered({ status: 200, received: 0, sent: 7 })
    expect(escorts.requests).toEqual([{ escort: ID, ...intent }])
    expect(escorts.answers).toEqual([{ escort: ID, request: 'r1', status: 200, received: 0, sent: 7 }])
  })

  test('is refused in the words of the custodian where it has ended, its key overwritten, what is served cut', async () => {
    const { escorts, find } = begin()
    const { escort, signingKey } = await find()
    const { ended } = await escort.admit(intent)
    escorts.end(['TH0another'])
    expect(ended.aborted).toBe(false)
    escorts.end([ID], 'An officer ended it.')
    expect(ended.aborted).toBe(true)
    expect(signingKey).toEqual(new Uint8Array(32))
    const denied = { code: 'AccessDenied', message: 'An officer ended it.' }
    await expect(escort.admit(intent)).rejects.toMatchObject(denied)
    await expect(find()).rejects.toMatchObject(denied)
  })

  test('serves nothing where the custodian is silent', async () => {
    const { escorts, find } = begin()
    const { escort } = await find()
    const { ended } = await escort.admit(intent)
    escorts.end('all')
    expect(ended.aborted).toBe(true)
    escorts.unreachable = true
    await expect(escort.admit(intent)).rejects.toMatchObject({ code: 'EscortUnavailable', status: 503 })
    await expect(find()).rejects.toMatchObject({ code: 'EscortUnavailable', status: 503 })
  })

  test('an end that comes while a request is asked for is not missed', async () => {
    const { escorts, find } = begin()
    const { escort } = await find()
    const admitted = escort.admit(intent)
    escorts.end([ID])
    expect((await admitted).ended.aborted).toBe(true)
  })

  test('an answer that cannot be told is an event', async () => {
    const { escorts, find, error } = begin()
    const { answered } = await (await find()).escort.admit(intent)
    escorts.unreachable = true
    await answered({ status: 200, received: 0, sent: 7 })
    expect(error).toHaveBeenCalledWith('escort-not-told', expect.objectContaining({ accessKeyId: ID }))
  })
})

test('workers ask about escorted accesses through the primary, and hear of ends', async () => {
  const escorts = new TestEscorts()
  const listeners: ((message: unknown) => void)[][] = [[], []]
  const [primary, worker] = [0, 1].map(end => ({
    send: (message: object) =>
      queueMicrotask(() => {
        for (const listener of listeners[1 - end]!) listener(structuredClone(message))
      }),
    onMessage: (listener: (message: unknown) => void) => void listeners[end]!.push(listener),
  }))
  relayEscorts(escorts, primary!)
  const relayed = relayedEscorts(worker!)
  const heard: unknown[] = []
  relayed.onEnded(ids => heard.push(ids))
  expect((await relayed.find(ID, SCOPE.day, SCOPE.region))!.signingKey).toEqual(new Uint8Array(32).fill(7))
  expect(await relayed.admit({ escort: ID, ...intent })).toBe('r1')
  await relayed.answered({ escort: ID, request: 'r1', status: 200, received: 0, sent: 0 })
  escorts.end([ID], 'over')
  await expect(relayed.admit({ escort: ID, ...intent })).rejects.toMatchObject({
    reason: 'refused',
    message: 'over',
  })
  expect(heard).toEqual([[ID]])
})
