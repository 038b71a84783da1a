import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Objects } from '../../src/objects/objects.ts'
import type { Room } from '../../src/objects/room.ts'
import { Dek } from '../../src/seal/dek.ts'
import type { Store } from '../../src/store/store.ts'
import { named, openRoom, pattern, plain } from './harness.ts'

const READ = { conditions: {}, checksum: false }
const WRITE = { headers: [], settings: {}, conditions: {} }

let room: Room
let objects: Objects
let close: () => Promise<void>
beforeAll(async () => {
  ;({ room, close } = await openRoom())
  objects = new Objects(room)
  await room.store.createBucket('photos', {})
  await objects.put(named('large'), WRITE, plain(pattern(2_000_000), 65_536, 'CRC32'))
  await objects.put(named('empty'), WRITE, plain(pattern(0)))
})
afterAll(() => close())
afterEach(() => vi.restoreAllMocks())

/** The DEKs that come out of their wraps while `work` runs, and those that are overwritten by its end. */
async function deksOf(work: () => Promise<unknown>): Promise<{ unwrapped: Dek[]; wiped: Set<Dek> }> {
  const unwrap = vi.spyOn(Dek, 'committed')
  const wipe = vi.spyOn(Dek.prototype, 'wipe')
  await work().catch(() => {})
  const unwrapped = unwrap.mock.results.map(result => result.value as Dek)
  return { unwrapped, wiped: new Set(wipe.mock.contexts as Dek[]) }
}

/** The room over a store that answers the requests behind the first one with an error. */
function failingAfterwards(): Objects {
  const { store } = room
  const get: Store['get'] = () => Promise.reject(new Error('the store went away'))
  const head: Store['head'] = (at, conditions) => store.head(at, conditions)
  return new Objects({ ...room, store: { get, head } as Store })
}

describe('a DEK is overwritten', () => {
  test.each<[string, () => Promise<unknown>]>([
    [
      'where a range begins behind the end',
      () => objects.get(named('large'), { ...READ, range: { first: 9e6 } }),
    ],
    [
      'where a range holds nothing of the object that came',
      () => objects.get(named('large'), { ...READ, range: { first: 2_000_000 } }),
    ],
    ['where a suffix holds nothing', () => objects.get(named('large'), { ...READ, range: { suffix: 0 } })],
    ['where a part is not there', () => objects.get(named('large'), { ...READ, partNumber: 2 })],
    [
      'where the tail cannot be had',
      () => failingAfterwards().head(named('large'), { ...READ, checksum: true }),
    ],
    [
      'where the payload cannot be had',
      () => failingAfterwards().get(named('large'), { ...READ, range: { suffix: 9 } }),
    ],
    [
      'when an empty object was read',
      async () => {
        const object = await objects.get(named('empty'), { ...READ, partNumber: 1 })
        await object.writeTo({ write: () => undefined })
      },
    ],
  ])('%s', async (_, read) => {
    const { unwrapped, wiped } = await deksOf(read)
    expect(unwrapped.length).toBeGreaterThan(0)
    expect(unwrapped.filter(dek => !wiped.has(dek))).toEqual([])
  })
})
