import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Escort, type EscortedRequest, type EscortGrant, type Screen } from '../../src/custody/escort.ts'

const NOW = 1_700_000_000_000
const grant: EscortGrant = {
  tenant: 'acme',
  bucket: 'photos',
  prefixes: ['2026/'],
  actions: ['get'],
  until: NOW + 3_600_000,
  reason: 'ticket 7',
  grantee: 'gast',
  escort: 'dora',
}
const request: EscortedRequest = { action: 'get', bucket: 'photos', key: '2026/a.jpg', address: '192.0.2.1' }

class TestScreen implements Screen {
  readonly shown: string[] = []
  why: string | undefined
  show = ({ id }: { id: string }) => void this.shown.push(id)
  ended = (why: string) => {
    this.why = why
  }
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }))
afterEach(() => void vi.useRealTimers())

function begin() {
  const ends: string[] = []
  const escort = new Escort(grant, Date.now, why => ends.push(why))
  const screen = new TestScreen()
  escort.watch('dora', screen)
  return { escort, screen, ends }
}

describe('an escorted access', () => {
  it('lets a request through only when the escort has acknowledged it', async () => {
    const { escort, screen } = begin()
    let through = false
    const admitted = escort.admit(request).then(() => {
      through = true
    })
    await Promise.resolve()
    expect(screen.shown).toHaveLength(1)
    expect(through).toBe(false)
    escort.acknowledge(screen.shown[0]!)
    await admitted
    expect(through).toBe(true)
  })

  it('ends for good after 15 seconds without a sign', async () => {
    const { escort, screen, ends } = begin()
    const refused = expect(escort.admit(request)).rejects.toThrow(/unacknowledged/)
    vi.advanceTimersByTime(15_000)
    await refused
    expect([screen.why, ...ends]).toEqual(['unacknowledged', 'unacknowledged'])
    await expect(escort.admit(request)).rejects.toThrow(/has ended/)
  })

  it('ends with a click, with all that waits', async () => {
    const { escort } = begin()
    const refused = [
      expect(escort.admit(request)).rejects.toThrow(/clicked/),
      expect(escort.admit(request)).rejects.toThrow(/clicked/),
    ]
    escort.end('clicked')
    await Promise.all(refused)
  })

  it('ends with its time', async () => {
    const { escort, ends } = begin()
    vi.advanceTimersByTime(3_600_000)
    await expect(escort.admit(request)).rejects.toThrow(/over/)
    expect(ends).toEqual(['over'])
  })

  it('reaches no further than its prefixes, its actions, its bucket', async () => {
    const { escort, screen } = begin()
    for (const beyond of [{ key: '2025/a.jpg' }, { action: 'put' as const }, { bucket: 'other' }])
      await expect(escort.admit({ ...request, ...beyond })).rejects.toThrow(/does not reach/)
    expect(screen.shown).toEqual([])
  })

  it('needs another person at the screen, and eight hours at most', async () => {
    expect(() => new Escort({ ...grant, escort: 'gast' }, Date.now, () => {})).toThrow(/escorts himself/)
    expect(() => new Escort({ ...grant, until: NOW + 9 * 3_600_000 }, Date.now, () => {})).toThrow(/8 hours/)
    const unwatched = new Escort(grant, Date.now, () => {})
    await expect(unwatched.admit(request)).rejects.toThrow(/nobody sits/)
    expect(() => unwatched.watch('gast', new TestScreen())).toThrow(/somebody else/)
  })
})
