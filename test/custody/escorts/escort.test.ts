import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Escort, type EscortedRequest, type ScreenLine } from '../../../src/custody/escorts/escort.ts'
import { ESCORT_ACTIONS, type EscortRecord } from '../../../src/custody/escorts/record.ts'

const NOW = 1_700_000_000_000
const grant: EscortRecord = {
  tenant: 'acme',
  bucket: 'photos',
  prefixes: ['2026/'],
  actions: ['read'],
  networks: ['192.0.2.0/24'],
  until: NOW + 3_600_000,
  reason: 'ticket 7',
  grantee: 'gast',
  recipient: 'A'.repeat(43),
  escort: 'dora',
  proposal: 'p',
  state: 'open',
  ended: null,
}
const request: EscortedRequest = {
  id: 'r1',
  operation: 'GetObject',
  action: 'read',
  bucket: 'photos',
  key: '2026/a.jpg',
  address: '192.0.2.1',
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }))
afterEach(() => void vi.useRealTimers())

function begin(more: Partial<EscortRecord> = {}) {
  const ends: string[] = []
  const escort = new Escort({ ...grant, ...more }, Date.now, why => ends.push(why))
  return { escort, ends }
}

/** A screen that is looked at once, so that it counts as attended. */
async function attended() {
  const begun = begin()
  void begun.escort.look(0, [])
  return begun
}

const kinds = (lines: readonly ScreenLine[]) => lines.map(({ kind }) => kind)

describe('an escorted access', () => {
  it('lets a request through only when its screen has acknowledged it', async () => {
    const { escort } = await attended()
    escort.judge(request)
    let through = false
    const shown = escort.show(request).then(() => {
      through = true
    })
    const lines = await escort.look(0, [])
    expect(lines).toMatchObject([{ number: 1, at: NOW, kind: 'request', key: '2026/a.jpg' }])
    expect(through).toBe(false)
    void escort.look(1, ['another'])
    await Promise.resolve()
    expect(through).toBe(false)
    void escort.look(1, ['r1'])
    await shown
    expect(through).toBe(true)
  })

  it('is not let through by whoever only looks', async () => {
    const { escort } = await attended()
    const refused = expect(escort.show(request)).rejects.toThrow(/within 15 seconds/)
    await escort.look(0)
    vi.advanceTimersByTime(15_000)
    await refused
  })

  it('ends for good after 15 seconds without a sign', async () => {
    const { escort, ends } = await attended()
    const refused = expect(escort.show(request)).rejects.toThrow(/within 15 seconds/)
    vi.advanceTimersByTime(14_999)
    expect(ends).toEqual([])
    vi.advanceTimersByTime(1)
    await refused
    expect(ends).toEqual(['unacknowledged'])
    expect(() => escort.judge(request)).toThrow(/within 15 seconds/)
    expect(kinds(await escort.look(0))).toEqual(['request', 'ended'])
  })

  it('ends at a click, with all that waits', async () => {
    const { escort, ends } = await attended()
    const refused = ['r1', 'r2'].map(id =>
      expect(escort.show({ ...request, id })).rejects.toThrow(/ended this escorted access/),
    )
    escort.end('ended')
    escort.end('over')
    await Promise.all(refused)
    expect(ends).toEqual(['ended'])
  })

  it('ends with its time, also where nobody asks', () => {
    const { ends } = begin()
    vi.advanceTimersByTime(3_600_000)
    expect(ends).toEqual(['over'])
  })

  it('takes no request while nobody sits at the screen, or has left it', async () => {
    const { escort, ends } = begin()
    expect(() => escort.judge(request)).toThrow(/Nobody sits/)
    escort.sit()
    escort.judge(request)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(() => escort.judge(request)).toThrow(/Nobody sits/)
    const looked = escort.look(0, [])
    escort.judge(request)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await looked).toEqual([])
    escort.judge(request)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(() => escort.judge(request)).toThrow(/Nobody sits/)
    expect(ends).toEqual([])
  })

  it('tells a screen at once what comes while it waits', async () => {
    const { escort } = await attended()
    const looked = escort.look(0)
    escort.showRefused(request, 'no')
    escort.showAnswered('r0', { status: 200, received: 0, sent: 7 })
    expect(kinds(await looked)).toEqual(['refused', 'answered'])
    expect(await escort.look(1)).toMatchObject([{ number: 2, kind: 'answered', sent: 7 }])
  })

  it('was ended already where its record says so', () => {
    const { escort } = begin({ state: 'ended', ended: { why: 'ended', by: 'ben', at: NOW } })
    expect(escort.ended).toBe('ended')
    expect(() => escort.judge(request)).toThrow(/Ask the officers for a new one/)
  })

  it('lets no more than 64 requests wait for its screen', async () => {
    const { escort } = await attended()
    for (let n = 0; n < 64; n++) void escort.show({ ...request, id: `${n}` }).catch(() => {})
    expect(() => escort.judge(request)).toThrow(/one after the other/)
  })

  it('reaches what its bucket, prefixes, actions and networks all cover, and nothing else', async () => {
    const { escort } = await attended()
    const one = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)
    const asked = fc.record({
      bucket: one('photos', 'photo', 'photos2', ''),
      key: one('2026/', '2026/a', '2026', '2025/a', '/2026/', ''),
      action: one<EscortedRequest['action']>(...ESCORT_ACTIONS, 'any', 'beyond'),
      address: one('192.0.2.9', '192.0.3.1', '::ffff:192.0.2.9', '2001:db8::1', 'nonsense', ''),
    })
    fc.assert(
      fc.property(asked, ({ bucket, key, action, address }) => {
        const covered =
          bucket === 'photos' &&
          ['192.0.2.9', '::ffff:192.0.2.9'].includes(address) &&
          (action === 'any' || (action === 'read' && key.startsWith('2026/')))
        const judge = () => escort.judge({ ...request, bucket, key, action, address })
        if (covered) judge()
        else expect(judge).toThrow(expect.objectContaining({ code: 'Refused' }))
      }),
    )
  })
})
