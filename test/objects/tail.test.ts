import { afterAll, beforeAll, expect, test } from 'vitest'
import { Objects } from '../../src/objects/objects.ts'
import type { Room } from '../../src/objects/room.ts'
import { TailCache } from '../../src/objects/tail-cache.ts'
import { StoreUnavailable } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { named, openRoom, pattern, plain } from './harness.ts'

let room: Room
let close: () => Promise<void>
beforeAll(async () => {
  ;({ room, close } = await openRoom())
})
afterAll(() => close())

test('a store that sends the whole object for its tail is not read into memory', async () => {
  const { store } = room
  const discarded: number[] = []
  const get: Store['get'] = async (at, _, conditions) => {
    const stored = await store.get(at, undefined, conditions)
    const { length } = stored.body
    const readInto = () => Promise.reject(new Error('it was read'))
    return { ...stored, body: { length, readInto, discard: () => void discarded.push(length) } }
  }
  const head: Store['head'] = (at, conditions) => store.head(at, conditions)
  const name = named('large')
  await store.createBucket(name.bucket, {})
  const put = { headers: [], settings: {}, conditions: {} }
  await new Objects(room).put(name, put, plain(pattern(300_000), 50_000, 'CRC32'))
  const objects = new Objects({ ...room, store: { get, head } as Store })
  await expect(objects.head(name, { conditions: {}, checksum: true })).rejects.toThrow(StoreUnavailable)
  expect(discarded).toHaveLength(1)
})

test('a store that never shows the whole table gets the one answer for what does not open', async () => {
  const { store } = room
  const name = named('parts')
  const whole = new Objects(room)
  const { uploadId } = await whole.createUpload(name, { headers: [], settings: {} })
  const part = (number: number, size: number) =>
    whole.uploadPart(name, uploadId, number, plain(pattern(size)))
  const etags = [(await part(1, 5 * 2 ** 20)).etag, (await part(2, 1)).etag]
  const parts = etags.map((etag, i) => ({ number: i + 1, etag }))
  await whole.completeUpload(name, uploadId, { parts, conditions: {} })
  const objects = new Objects({
    ...room,
    tails: new TailCache(),
    store: {
      get: (at, _, conditions) => store.get(at, { suffix: 256 }, conditions),
      head: (at, conditions) => store.head(at, conditions),
    } as Store,
  })
  await expect(objects.head(name, { conditions: {}, checksum: false })).rejects.toMatchObject({
    name: 'ObjectError',
    code: 'DoesNotOpen',
  })
})
