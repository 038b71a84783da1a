import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Objects } from '../../src/objects/objects.ts'
import type { Room } from '../../src/objects/room.ts'
import { storedLength } from '../../src/seal/lengths.ts'
import { contents, named, openRoom, pattern, plain } from './harness.ts'

const READ = { conditions: {}, checksum: false }
const WRITE = { headers: [], settings: {}, conditions: {} }
const SIZES = [
  0, 1, 255, 65_479, 65_480, 65_481, 131_000, 131_001, 262_039, 262_041, 1_047_000, 1_048_576, 3_000_000,
]

let room: Room
let objects: Objects
let close: () => Promise<void>
beforeAll(async () => {
  ;({ room, close } = await openRoom())
  objects = new Objects(room)
  await objects.store.createBucket('photos', {})
})
afterAll(() => close())

describe('an object', () => {
  test.each(SIZES)('of %i bytes comes back as it was, under the stored length of the rule', async size => {
    const name = named(`size/${size}`)
    const bytes = pattern(size)
    const put = await objects.put(name, WRITE, plain(bytes))
    const got = await objects.get(name, READ)
    expect(got.etag).toBe(put.etag)
    expect(got.size).toBe(size)
    expect(Buffer.compare(await contents(got), bytes)).toBe(0)
    const head = await room.store.head(objects.address(name), {})
    expect(head.length).toBe(storedLength(size))
    expect((await objects.head(name, READ)).size).toBe(size)
  })

  test('keeps its headers to the octet', async () => {
    const headers = [
      ['content-type', 'text/plain; charset=latin1'],
      ['x-amz-meta-name', 'Gr\u00fc\u00dfe'],
      ['x-amz-meta-empty', ''],
    ] as const
    await objects.put(named('headers'), { ...WRITE, headers }, plain(pattern(10)))
    expect((await objects.head(named('headers'), READ)).headers).toEqual(headers)
  })

  test('gives back the checksum it came with, whatever its size', async () => {
    for (const size of [0, 100, 2_000_000]) {
      const name = named(`checksum/${size}`)
      await objects.put(name, WRITE, plain(pattern(size), 65_536, 'CRC64NVME'))
      for (const seen of [
        await objects.head(name, { ...READ, checksum: true }),
        await objects.get(name, { ...READ, checksum: true }),
      ]) {
        expect(seen.checksum).toMatchObject({ algorithm: 'CRC64NVME', type: 'FULL_OBJECT' })
        expect(seen.checksum!.value).toHaveLength(8)
      }
    }
  })
})

describe('a range', () => {
  const size = 3_000_000
  const bytes = pattern(size)
  const borders = [0, 65_480, 131_000, 65_480 + 65_520 * 44, size - 1]
  beforeAll(async () => {
    await objects.put(named('ranged'), WRITE, plain(bytes))
  })

  test.each(borders.flatMap(border => [border - 1, border, border + 1]).filter(at => at >= 0 && at < size))(
    'that begins or ends at byte %i holds just its bytes',
    async at => {
      for (const [first, last] of [
        [at, at],
        [Math.max(0, at - 70_000), at],
        [at, Math.min(size - 1, at + 70_000)],
      ] as const) {
        const got = await objects.get(named('ranged'), { ...READ, range: { first, last } })
        expect(got.range).toEqual({ first, last })
        expect(Buffer.compare(await contents(got), bytes.subarray(first, last + 1))).toBe(0)
      }
    },
  )

  test('from the end, to the end and over the end is cut to the object', async () => {
    const of = async (range: { first: number; last?: number } | { suffix: number }) =>
      contents(await objects.get(named('ranged'), { ...READ, range }))
    expect(Buffer.compare(await of({ suffix: 100 }), bytes.subarray(-100))).toBe(0)
    expect(Buffer.compare(await of({ suffix: size * 2 }), bytes)).toBe(0)
    expect(Buffer.compare(await of({ first: size - 5 }), bytes.subarray(-5))).toBe(0)
    expect(Buffer.compare(await of({ first: 5, last: size * 3 }), bytes.subarray(5))).toBe(0)
  })

  test('behind the end is refused with the size', async () => {
    for (const first of [size, size + 1, size + 500, size * 9])
      await expect(objects.get(named('ranged'), { ...READ, range: { first } })).rejects.toMatchObject({
        code: 'InvalidRange',
        details: { ActualObjectSize: String(size) },
      })
  })
})
