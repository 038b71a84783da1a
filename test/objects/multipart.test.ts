import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Objects } from '../../src/objects/objects.ts'
import type { Room } from '../../src/objects/room.ts'
import { storedLength } from '../../src/seal/lengths.ts'
import { contents, named, openRoom, pattern, plain } from './harness.ts'

const MIB = 1_048_576
const MIN = 5 * MIB
const READ = { conditions: {}, checksum: false }
const CREATE = { headers: [['content-type', 'x/y']] as const, settings: {} }

let room: Room
let objects: Objects
let close: () => Promise<void>
beforeAll(async () => {
  ;({ room, close } = await openRoom())
  objects = new Objects(room)
  await objects.store.createBucket('photos', {})
})
afterAll(() => close())

/** Uploads parts by number, in the given order, and completes with those numbers that are listed. */
async function upload(
  key: string,
  parts: readonly (readonly [number, Buffer])[],
  listed?: readonly number[],
) {
  const name = named(key)
  const { uploadId } = await objects.createUpload(name, CREATE)
  const etags = new Map<number, string>()
  for (const [number, bytes] of parts)
    etags.set(number, (await objects.uploadPart(name, uploadId, number, plain(bytes))).etag)
  const numbers = listed ?? [...etags.keys()].sort((a, b) => a - b)
  const complete = {
    parts: numbers.map(number => ({ number, etag: etags.get(number) ?? '"none"-t' })),
    conditions: {},
  }
  return { name, uploadId, complete, answer: await objects.completeUpload(name, uploadId, complete) }
}

describe('a multipart object', () => {
  const layouts: Record<string, readonly number[]> = {
    'one small part': [1],
    'one part of 5 MiB': [MIN],
    'two uneven parts': [MIN + 12_345, 777],
    'a last part of one byte': [MIN, MIN, 1],
    'a last part over 5 MiB': [MIN, MIN + 1],
    'an empty last part': [MIN, 0],
  }
  test.each(Object.entries(layouts))('of %s opens whole, by ranges and by parts', async (title, sizes) => {
    const parts = sizes.map((size, i) => [i * 3 + 1, pattern(size, i + 1)] as const)
    const whole = Buffer.concat(parts.map(([, bytes]) => bytes))
    const { name, answer } = await upload(`layout/${title}`, [...parts].reverse())
    const got = await objects.get(name, READ)
    expect(got).toMatchObject({ size: whole.length, etag: answer.etag })
    expect(got.parts).toHaveLength(parts.length)
    expect(Buffer.compare(await contents(got), whole)).toBe(0)
    expect((await room.store.head(objects.address(name), {})).length).toBe(storedLength(whole.length))

    const first = Math.max(0, sizes[0]! - 3)
    const last = Math.min(whole.length - 1, sizes[0]! + 3)
    const range = await contents(await objects.get(name, { ...READ, range: { first, last } }))
    expect(Buffer.compare(range, whole.subarray(first, last + 1))).toBe(0)
    const one = await objects.get(name, { ...READ, partNumber: 1 })
    expect(Buffer.compare(await contents(one), parts[0]![1])).toBe(0)
    await expect(objects.get(name, { ...READ, partNumber: parts.length + 1 })).rejects.toMatchObject({
      code: 'InvalidPart',
    })
  })

  test('opens by ranges and from its tail without what was learnt before', async () => {
    const bytes = [pattern(MIN, 5), pattern(100, 6)] as const
    const { name } = await upload('cold', [
      [1, bytes[0]],
      [2, bytes[1]],
    ])
    const whole = Buffer.concat(bytes)
    for (const range of [{ first: MIN - 2, last: MIN + 2 }, { suffix: 150 }, { first: 0 }]) {
      room.tails.delete(JSON.stringify([name.tenant, name.bucket, name.key, undefined]))
      const got = await contents(await objects.get(name, { ...READ, range }))
      const first = 'suffix' in range ? whole.length - range.suffix : range.first
      const last = 'last' in range && range.last !== undefined ? range.last : whole.length - 1
      expect(Buffer.compare(got, whole.subarray(first, last + 1))).toBe(0)
    }
  })

  test('holds what the last attempt at a part brought, and parts left out are not in it', async () => {
    const kept = pattern(MIN, 9)
    const { name } = await upload(
      'again',
      [
        [1, pattern(MIN, 1)],
        [2, pattern(MIN, 2)],
        [3, pattern(9, 3)],
        [1, kept],
        [3, pattern(11, 4)],
      ],
      [1, 3],
    )
    const whole = Buffer.concat([kept, pattern(11, 4)])
    expect(Buffer.compare(await contents(await objects.get(name, READ)), whole)).toBe(0)
  })

  test('that is empty becomes a plain empty object', async () => {
    const { name } = await upload('nothing', [[1, pattern(0)]])
    const got = await objects.get(name, READ)
    expect(got.size).toBe(0)
    expect(got.headers).toEqual(CREATE.headers)
    expect((await room.store.head(objects.address(name), {})).length).toBe(0)
  })

  test('completed twice gives the same answer, with another list none', async () => {
    const { name, uploadId, complete, answer } = await upload('twice', [
      [1, pattern(MIN)],
      [2, pattern(5)],
    ])
    expect((await objects.completeUpload(name, uploadId, complete)).etag).toBe(answer.etag)
    const other = { ...complete, parts: complete.parts.slice(0, 1) }
    await expect(objects.completeUpload(name, uploadId, other)).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
  })

  test('whose end was not recorded is recognised by its commitment', async () => {
    const name = named('forgotten')
    const { uploadId } = await objects.createUpload(name, CREATE)
    const { etag } = await objects.uploadPart(name, uploadId, 1, plain(pattern(7)))
    const complete = { parts: [{ number: 1, etag }], conditions: {} }
    const forgetful = new Objects({
      ...room,
      registry: {
        ...room.registry,
        uploads: Object.assign(Object.create(room.registry.uploads), {
          find: (id: string) => room.registry.uploads.find(id),
          complete: async () => {
            throw new Error('the process was killed here')
          },
        }),
      },
    })
    await expect(forgetful.completeUpload(name, uploadId, complete)).rejects.toThrow('killed')
    const { etag: after } = await objects.completeUpload(name, uploadId, complete)
    expect((await objects.head(name, READ)).etag).toBe(after)
  })
})

describe('an upload is refused', () => {
  test('with parts out of order, unknown, or too small before the last', async () => {
    const name = named('refused')
    const { uploadId } = await objects.createUpload(name, CREATE)
    const one = await objects.uploadPart(name, uploadId, 1, plain(pattern(10)))
    const two = await objects.uploadPart(name, uploadId, 2, plain(pattern(10)))
    const stale = two.etag
    const again = await objects.uploadPart(name, uploadId, 2, plain(pattern(10, 3)))
    const complete = (...parts: [number, string][]) =>
      objects.completeUpload(name, uploadId, {
        parts: parts.map(([number, etag]) => ({ number, etag })),
        conditions: {},
      })
    await expect(complete([2, again.etag], [1, one.etag])).rejects.toMatchObject({ code: 'InvalidPartOrder' })
    await expect(complete([1, one.etag], [2, again.etag])).rejects.toMatchObject({ code: 'EntityTooSmall' })
    await expect(complete([2, stale])).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(complete([3, one.etag])).rejects.toMatchObject({ code: 'InvalidPart' })
    await complete([1, one.etag])
  })

  test('under another name than its own', async () => {
    const { uploadId } = await objects.createUpload(named('mine'), CREATE)
    await expect(objects.uploadPart(named('yours'), uploadId, 1, plain(pattern(1)))).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
    await objects.abortUpload(named('mine'), uploadId)
    await expect(objects.listParts(named('mine'), uploadId, { after: 0, limit: 1 })).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
  })
})

test('a part is listed with its plaintext size, page by page', async () => {
  const name = named('listed')
  const { uploadId } = await objects.createUpload(name, CREATE)
  await objects.uploadPart(name, uploadId, 2, plain(pattern(20)))
  await objects.uploadPart(name, uploadId, 1, plain(pattern(MIN)))
  const first = await objects.listParts(name, uploadId, { after: 0, limit: 1 })
  expect(first).toMatchObject({ truncated: true, parts: [{ number: 1, size: MIN }] })
  const second = await objects.listParts(name, uploadId, { after: 1, limit: 1 })
  expect(second).toMatchObject({ truncated: false, parts: [{ number: 2, size: 20 }] })
})

test('checksums of parts become the checksum of the whole, or are refused', async () => {
  const name = named('combined')
  const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT' } as const
  const { uploadId } = await objects.createUpload(name, { ...CREATE, checksum })
  const bytes = [pattern(MIN, 1), pattern(500, 2)] as const
  const one = await objects.uploadPart(name, uploadId, 1, plain(bytes[0], 65_536, 'CRC32'))
  // The client of the second part sent none: it is worked out on the way.
  const two = await objects.uploadPart(name, uploadId, 2, plain(bytes[1]))
  await expect(
    objects.uploadPart(name, uploadId, 2, plain(bytes[1], 65_536, 'SHA256')),
  ).rejects.toMatchObject({ code: 'InvalidRequest' })
  const parts = [one, two].map(({ etag }, i) => ({ number: i + 1, etag }))
  const wrong = { ...checksum, value: Buffer.alloc(4) }
  await expect(
    objects.completeUpload(name, uploadId, { parts, checksum: wrong, conditions: {} }),
  ).rejects.toMatchObject({ code: 'BadDigest' })
  const { checksum: whole } = await objects.completeUpload(name, uploadId, { parts, conditions: {} })
  const put = named('whole')
  await objects.put(
    put,
    { headers: [], settings: {}, conditions: {} },
    plain(Buffer.concat(bytes), 65_536, 'CRC32'),
  )
  expect((await objects.head(put, { ...READ, checksum: true })).checksum).toEqual(whole)
})

describe('a copy', () => {
  test.each([100, 3 * MIB])('of %i bytes opens under its new name, with old or new headers', async size => {
    const bytes = pattern(size, 8)
    const from = named(`from/${size}`)
    await objects.put(from, { ...CREATE, conditions: {} }, plain(bytes))
    const kept = await objects.copy(from, named(`kept/${size}`), { settings: {}, conditions: {} })
    const got = await objects.get(named(`kept/${size}`), READ)
    expect(got).toMatchObject({ etag: kept.etag, headers: CREATE.headers })
    expect(Buffer.compare(await contents(got), bytes)).toBe(0)
    const headers = [['content-type', 'new/one']] as const
    await objects.copy(from, named(`new/${size}`), { headers, settings: {}, conditions: {} })
    expect((await objects.head(named(`new/${size}`), READ)).headers).toEqual(headers)
  })

  test('of a multipart object keeps its parts', async () => {
    const { name } = await upload('copied', [
      [1, pattern(MIN, 1)],
      [2, pattern(50, 2)],
    ])
    await objects.copy(name, named('copy of parts'), { settings: {}, conditions: {} })
    const got = await objects.get(named('copy of parts'), READ)
    expect(got.parts).toHaveLength(2)
    expect(Buffer.compare(await contents(got), Buffer.concat([pattern(MIN, 1), pattern(50, 2)]))).toBe(0)
  })

  test('across tenants has a DEK of its own', async () => {
    const bytes = pattern(70_000)
    await objects.put(named('theirs'), { ...CREATE, conditions: {} }, plain(bytes))
    const to = { ...named('ours'), tenant: 'other' }
    await objects.copy(named('theirs'), to, { settings: {}, conditions: {} })
    expect(Buffer.compare(await contents(await objects.get(to, READ)), bytes)).toBe(0)
    const commitments = await Promise.all(
      [named('theirs'), to].map(async name => {
        const { metadata } = await room.store.head(objects.address(name), {})
        return Buffer.from(metadata['th1']!, 'base64url').subarray(91, 123).toString('hex')
      }),
    )
    expect(commitments[0]).not.toBe(commitments[1])
  })

  test('onto itself without a change is refused, and a condition on the source holds', async () => {
    const name = named('self')
    const { etag } = await objects.put(name, { ...CREATE, conditions: {} }, plain(pattern(1)))
    await expect(objects.copy(name, name, { settings: {}, conditions: {} })).rejects.toMatchObject({
      code: 'InvalidRequest',
    })
    const conditions = { ifNoneMatch: etag }
    await expect(objects.copy(name, named('elsewhere'), { settings: {}, conditions })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    })
  })

  test('into a part takes a range of the source', async () => {
    const from = named('part source')
    await objects.put(from, { ...CREATE, conditions: {} }, plain(pattern(200_000, 4)))
    const name = named('of copied parts')
    const { uploadId } = await objects.createUpload(name, CREATE)
    const range = { first: 65_000, last: 140_000 }
    const { etag } = await objects.uploadPartCopy(name, uploadId, 1, { from, range, conditions: {} })
    await objects.completeUpload(name, uploadId, { parts: [{ number: 1, etag }], conditions: {} })
    const got = await contents(await objects.get(name, READ))
    expect(Buffer.compare(got, pattern(200_000, 4).subarray(65_000, 140_001))).toBe(0)
  })
})

test('what the store changes does not open, and raises an alarm', async () => {
  const { room, alarms, close } = await openRoom()
  const objects = new Objects(room)
  await objects.store.createBucket('photos', {})
  await objects.put(named('a'), { ...CREATE, conditions: {} }, plain(pattern(10, 1)))
  const stored = await room.store.head(objects.address(named('a')), {})
  await room.store.copy(
    objects.address(named('a')),
    objects.address(named('b')),
    { metadata: stored.metadata, settings: {} },
    { ifMatch: stored.etag },
  )
  await expect(objects.get(named('b'), READ)).rejects.toMatchObject({ code: 'DoesNotOpen' })
  await room.store.copy(
    objects.address(named('a')),
    objects.address(named('c')),
    { metadata: {}, settings: {} },
    { ifMatch: stored.etag },
  )
  await expect(objects.get(named('c'), READ)).rejects.toMatchObject({ code: 'NotSealed' })
  expect(alarms.map(({ event }) => event)).toEqual(['does-not-open', 'not-sealed'])
  await close()
})
