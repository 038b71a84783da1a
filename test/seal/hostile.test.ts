import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Dek } from '../../src/seal/dek.ts'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import { Layout } from '../../src/seal/layout.ts'
import { MIN_PART, plaintextLength, storedLength } from '../../src/seal/lengths.ts'
import { expectStoredLength, type Metadata, type StoredHeaders } from '../../src/seal/metadata.ts'
import { PayloadOpener } from '../../src/seal/payload.ts'
import { openSummary, sealSummary } from '../../src/seal/summary.ts'
import { openTable, sealTable } from '../../src/seal/table.ts'
import { openMultipartTail, openSingleTail, sealTrailer } from '../../src/seal/trailer.ts'
import {
  bytes,
  ENGINES,
  NAME,
  newHeader,
  type SealedObject,
  sealMultipart,
  sealPart,
  sealSingle,
  wrappingKey,
} from './fixture.ts'
import { openHead, sealHead } from './head.ts'
import { SLOW } from './slow.ts'

const METADATA: Metadata = { headers: [['content-type', 'text/plain']], writtenAt: 1_790_000_000_000 }

/** What a store holds: bytes and headers that it can change as it likes. */
interface Stored {
  readonly headers: StoredHeaders
  readonly payload: Buffer
}

describe.each(ENGINES)('a hostile store against the $name engine', engine => {
  const key = wrappingKey(engine)

  function stored(object: SealedObject, name = NAME, seed = 'head'): Stored {
    const metadata = object.envelope.kind === 'single' ? { ...METADATA, size: object.layout.size } : METADATA
    const nonces = { envelope: bytes(`${seed} e`, 24), metadata: bytes(`${seed} m`, 24) }
    const headers = sealHead(object.dek, key, name, object.envelope, metadata, nonces)
    return { headers, payload: object.stored }
  }

  /** Reads as a proxy does: head, tail where multipart, payload. */
  function read({ headers, payload }: Stored, name = NAME): Buffer {
    const { dek, layout } = openHead(headers, key, name, payload)
    if (layout === undefined) return Buffer.alloc(0)
    const opener = new PayloadOpener(dek, layout)
    const pieces: Uint8Array[] = []
    for (let at = 0, want = opener.want(1); want > 0; at += want, want = opener.want(1)) {
      if (at + want > payload.length) throw new Error('the store has no more bytes')
      pieces.push(...opener.open(Buffer.from(payload.subarray(at, at + want))))
    }
    return Buffer.concat(pieces)
  }

  const three = sealSingle(engine, bytes('plain', 150_000))
  const plains = [
    { number: 1, plain: bytes('one', MIN_PART) },
    { number: 2, plain: bytes('two', MIN_PART) },
    { number: 3, plain: bytes('three', 70_000) },
  ]
  const multipart = sealMultipart(engine, plains)
  const segment = (object: SealedObject, index: number) =>
    object.stored.subarray(index * 65_536, (index + 1) * 65_536)
  const replace = (object: SealedObject, index: number, by: Uint8Array) => {
    const payload = Buffer.from(object.stored)
    payload.set(by, index * 65_536)
    return { ...stored(object), payload }
  }

  test('reads what nobody changed', () => {
    expect(read(stored(three)).equals(bytes('plain', 150_000))).toBe(true)
    expect(read(stored(multipart)).equals(Buffer.concat(plains.map(part => part.plain)))).toBe(true)
  })

  test('swaps, doubles or blanks segments', () => {
    expect(() => read(replace(three, 0, segment(three, 1)))).toThrow(DoesNotOpen)
    expect(() => read(replace(three, 1, segment(three, 0)))).toThrow(DoesNotOpen)
    expect(() => read(replace(three, 1, new Uint8Array(65_536)))).toThrow(DoesNotOpen)
    const last = segment(three, 2).subarray(0, 150_000 - 131_000 + 16)
    expect(() => read(replace(three, 1, last))).toThrow(DoesNotOpen)
  })

  test('swaps segments between parts of one object', () => {
    const second = multipart.layout.parts[1]!.storedStart
    const payload = Buffer.from(multipart.stored)
    payload.set(multipart.stored.subarray(second + 65_536, second + 2 * 65_536), 65_536)
    expect(() => read({ ...stored(multipart), payload })).toThrow(DoesNotOpen)
  })

  test('swaps, doubles or drops whole parts', () => {
    const [one, two] = multipart.layout.parts
    const first = multipart.stored.subarray(0, one!.stored)
    const second = multipart.stored.subarray(two!.storedStart, two!.storedStart + two!.stored)
    const rest = multipart.stored.subarray(two!.storedStart + two!.stored)
    for (const payload of [
      [second, first, rest],
      [first, first, rest],
      [second, second, rest],
      [first, rest],
    ]) {
      expect(() => read({ ...stored(multipart), payload: Buffer.concat(payload) })).toThrow(DoesNotOpen)
    }
  })

  test('puts the payload, segment or trailer of another object in its place', () => {
    const other = sealSingle(engine, bytes('other plain', 150_000), 'other')
    expect(() => read({ ...stored(three), payload: other.stored })).toThrow(DoesNotOpen)
    expect(() => read(replace(three, 1, segment(other, 1)))).toThrow(DoesNotOpen)
    const payload = Buffer.concat([three.stored.subarray(0, -256), other.stored.subarray(-256)])
    expect(() => read({ ...stored(three), payload })).toThrow(DoesNotOpen)
  })

  test('puts a part of an earlier attempt in the place of the one in the table', () => {
    const earlier = sealPart(multipart.dek, newHeader('an earlier attempt'), 2, plains[1]!.plain)
    const payload = Buffer.from(multipart.stored)
    payload.set(earlier, multipart.layout.parts[1]!.storedStart)
    expect(() => read({ ...stored(multipart), payload })).toThrow(DoesNotOpen)
  })

  test('mixes the trailers of two lists that the client asked for', () => {
    // The last part was sent twice and Complete retried with the second: both lists are sealed under one DEK.
    const header = newHeader('sent again')
    const again = sealPart(multipart.dek, header, 3, plains[2]!.plain)
    const [one, two, three] = multipart.layout.parts
    const layout = Layout.multipart([one!, two!, { ...three!, header }])
    const nonces = { table: bytes('table again', 24), summary: bytes('summary again', 24) }
    const trailer = sealTrailer(multipart.dek, layout, {}, nonces)
    const parts = Buffer.concat([multipart.stored.subarray(0, three!.storedStart), again])
    const second = Buffer.concat([parts, trailer])
    expect(read({ ...stored(multipart), payload: second }).length).toBe(layout.size)
    const mixed = Buffer.concat([parts, trailer.subarray(0, -256), multipart.stored.subarray(-256)])
    expect(() => read({ ...stored(multipart), payload: mixed })).toThrow(DoesNotOpen)
    const blended = Buffer.concat([multipart.stored.subarray(0, layout.zerosStart), trailer])
    expect(() => read({ ...stored(multipart), payload: blended })).toThrow(DoesNotOpen)
  })

  test('stretches the zeros, so that the object seems longer', () => {
    const { zerosStart } = multipart.layout
    const [before, after] = [multipart.stored.subarray(0, zerosStart), multipart.stored.subarray(zerosStart)]
    const payload = Buffer.concat([before, new Uint8Array(1), after])
    expect(plaintextLength(payload.length)).toBe(multipart.layout.size + 1)
    expect(() => read({ ...stored(multipart), payload })).toThrow(DoesNotOpen)
  })

  test('cuts the object at any byte, or adds some', () => {
    const ends = fc.oneof(
      fc.integer({ min: 0, max: three.stored.length - 1 }),
      fc.constantFrom(0, 40, 65_536, 131_072, three.layout.zerosStart, three.layout.trailerStart),
    )
    fc.assert(
      fc.property(ends, end => {
        expect(() => read({ ...stored(three), payload: three.stored.subarray(0, end) })).toThrow(DoesNotOpen)
        expect(() => read({ ...stored(multipart), payload: multipart.stored.subarray(0, end) })).toThrow(
          DoesNotOpen,
        )
      }),
      { numRuns: SLOW ? 2_000 : 50 },
    )
    const longer = Buffer.concat([three.stored, new Uint8Array(16)])
    expect(() => read({ ...stored(three), payload: longer })).toThrow(DoesNotOpen)
  })

  test('takes everything away, and calls the object empty', () => {
    expect(() => read({ ...stored(three), payload: Buffer.alloc(0) })).toThrow(DoesNotOpen)
    expect(() => read({ ...stored(multipart), payload: Buffer.alloc(0) })).toThrow(DoesNotOpen)
  })

  test('changes any bit of a multipart object', () => {
    const { layout } = multipart
    // Where a change is found by different means: header, segment, tag, zeros, table, summary.
    const spots = fc.oneof(
      fc.nat({ max: multipart.stored.length - 1 }),
      fc.integer({ min: layout.zerosStart, max: layout.stored - 1 }),
      fc.integer({ min: layout.parts[2]!.storedStart, max: layout.parts[2]!.storedStart + 39 }),
    )
    fc.assert(
      fc.property(spots, fc.nat({ max: 7 }), (spot, bit) => {
        const payload = Buffer.from(multipart.stored)
        payload[spot]! ^= 1 << bit
        expect(() => read({ ...stored(multipart), payload })).toThrow(DoesNotOpen)
      }),
      { numRuns: SLOW ? 500 : 8 },
    )
  })

  test('serves one object for another, or a copy under the name of its source', () => {
    const copyName = { ...NAME, key: 'copy' }
    const copy = stored(three, copyName, 'copy')
    expect(read(copy, copyName).length).toBe(150_000)
    expect(() => read(copy)).toThrow(DoesNotOpen)
    expect(() => read(stored(three), copyName)).toThrow(DoesNotOpen)
    // Its metadata beside the other's envelope: same DEK, same size.
    const spliced = { ...copy.headers.metadata, th1: stored(three).headers.metadata['th1']! }
    expect(() => read({ ...copy, headers: { metadata: spliced } })).toThrow(DoesNotOpen)
  })

  test('holds back the last segment until the summary has verified', () => {
    const payload = Buffer.from(three.stored)
    payload[payload.length - 1]! ^= 1
    const opener = new PayloadOpener(three.dek, three.layout)
    const given: number[] = []
    const feed = () => {
      for (let at = 0, want = opener.want(1); want > 0; at += want, want = opener.want(1)) {
        for (const piece of opener.open(Buffer.from(payload.subarray(at, at + want))))
          given.push(piece.length)
      }
    }
    expect(feed).toThrow(DoesNotOpen)
    expect(given).toEqual([65_480, 65_520])
  })
})

describe.each(ENGINES)('what is no attack on the $name engine', engine => {
  const key = wrappingKey(engine)
  const nonces = { envelope: bytes('e', 24), metadata: bytes('m', 24) }

  test('an empty object has a head and no payload', () => {
    const dek = new Dek(engine, bytes('dek', 32))
    const shape = { kind: 'single', header: newHeader('empty') } as const
    const headers = sealHead(dek, key, NAME, shape, { ...METADATA, size: 0 }, nonces)
    expect(openHead(headers, key, NAME, Buffer.alloc(0))).toEqual({ dek, metadata: { ...METADATA, size: 0 } })
    expect(() => openHead(headers, key, NAME, Buffer.alloc(513))).toThrow(DoesNotOpen)
  })

  test('a stored length that no object of this size or kind has does not open', () => {
    expect(() => expectStoredLength({ ...METADATA, size: 1 }, 513)).not.toThrow()
    expect(() => expectStoredLength({ ...METADATA, size: 1 }, 514)).toThrow(DoesNotOpen)
    expect(() => expectStoredLength(METADATA, 513)).not.toThrow()
    expect(() => expectStoredLength(METADATA, 512)).toThrow(DoesNotOpen)
    expect(() => expectStoredLength(METADATA, 0)).toThrow(DoesNotOpen)
  })

  test('an empty last part of an upload opens', () => {
    const plains = [
      { number: 1, plain: bytes('one', MIN_PART) },
      { number: 2, plain: new Uint8Array(0) },
    ]
    const object = sealMultipart(engine, plains)
    const opener = new PayloadOpener(object.dek, object.layout)
    const opened = opener.open(Buffer.from(object.stored.subarray(0, opener.stored.last + 1)))
    expect(opener.done).toBe(true)
    expect(Buffer.concat(opened).equals(plains[0]!.plain as Buffer)).toBe(true)
  })

  test('checksums and MD5 come back from the summary, those of the parts from the table', () => {
    const plains = [
      { number: 3, plain: bytes('one', MIN_PART), checksum: bytes('c1', 32) },
      { number: 4, plain: bytes('two', 9), checksum: bytes('c2', 32) },
    ]
    const checksum = { algorithm: 'SHA256', type: 'COMPOSITE', value: bytes('c', 32) } as const
    const object = sealMultipart(engine, plains, 'o', { checksum, md5: bytes('md5', 16) })
    const tail = openMultipartTail(object.dek, object.stored.subarray(-1_000), object.stored.length)
    expect(tail.summary).toMatchObject({ checksum, md5: bytes('md5', 16), parts: 2, size: MIN_PART + 9 })
    if (!('layout' in tail)) throw new Error('the tail holds the table')
    expect(tail.layout.parts.map(part => part.checksum)).toEqual(plains.map(part => part.checksum))
  })

  test('a table longer than the tail says how much of the tail it needs', () => {
    const dek = new Dek(engine, bytes('dek', 32))
    const rows = Array.from({ length: 700 }, (_, i) => ({
      number: i + 1,
      size: MIN_PART,
      header: newHeader(`${i}`),
    }))
    const layout = Layout.multipart(rows)
    const trailer = sealTrailer(dek, layout, {}, { table: bytes('t', 24), summary: bytes('s', 24) })
    const short = openMultipartTail(dek, trailer.subarray(-65_536), layout.stored)
    expect(short).toMatchObject({ needed: 40 + 120 * 700 + 256 })
    const whole = openMultipartTail(dek, trailer.subarray(-84_296), layout.stored)
    if (!('layout' in whole)) throw new Error('this is what it asked for')
    expect(whole.layout).toEqual(layout)
  })

  test('a summary that says otherwise than the rest does not open', () => {
    const dek = new Dek(engine, bytes('dek', 32))
    const nonce = bytes('n', 24)
    const tableHash = new Uint8Array(32)
    const single = sealSummary(dek, { parts: 0, size: 7, tableHash }, nonce)
    expect(openSingleTail(dek, single, 7).size).toBe(7)
    expect(() => openSingleTail(dek, single, 8)).toThrow(DoesNotOpen)
    const table = sealTable(dek, [{ number: 1, size: 7, header: newHeader('r') }], nonce)
    const hash = createHash('sha256').update(table).digest()
    const tail = (parts: number, size: number) =>
      Buffer.concat([table, sealSummary(dek, { parts, size, tableHash: hash }, nonce)])
    expect(openMultipartTail(dek, tail(1, 7), storedLength(7))).toHaveProperty('layout')
    expect(() => openMultipartTail(dek, tail(1, 8), storedLength(8))).toThrow(DoesNotOpen)
    expect(() => openMultipartTail(dek, tail(0, 7), storedLength(7))).toThrow(DoesNotOpen)
    expect(() => openMultipartTail(dek, tail(10_001, 7), storedLength(7))).toThrow(DoesNotOpen)
    expect(() => openSingleTail(dek, tail(1, 7), 7)).toThrow(DoesNotOpen)
  })

  test('what is reserved for later versions must be zero', () => {
    const dek = new Dek(engine, bytes('dek', 32))
    const nonce = bytes('n', 24)
    const none = new Uint8Array(0)
    const table = (row: Uint8Array) => Buffer.concat([nonce, dek.tableKey().seal(nonce, row, none)])
    const summary = (plain: Uint8Array) => Buffer.concat([nonce, dek.summaryKey().seal(nonce, plain, none)])
    const last = (length: number) => Buffer.alloc(length).fill(1, length - 1)
    expect(openTable(dek, table(Buffer.alloc(120)))).toHaveLength(1)
    expect(() => openTable(dek, table(last(120)))).toThrow(DoesNotOpen)
    expect(() => openTable(dek, table(Buffer.alloc(119)))).toThrow(DoesNotOpen)
    expect(openSummary(dek, summary(Buffer.alloc(216)))).toMatchObject({ parts: 0, size: 0 })
    expect(() => openSummary(dek, summary(last(216)))).toThrow(DoesNotOpen)
    expect(() => openSummary(dek, summary(Buffer.alloc(216).fill(9, 44, 45)))).toThrow(DoesNotOpen)
    expect(() => openSummary(dek, summary(Buffer.alloc(216).fill(255, 4, 12)))).toThrow(DoesNotOpen)
  })

  test.each([
    ['that do not ascend', [2, 1]],
    ['that repeat', [1, 1]],
  ])('no table has numbers %s', (_, numbers) => {
    const rows = numbers.map(number => ({ number, size: MIN_PART, header: newHeader('r') }))
    expect(() => Layout.multipart(rows)).toThrow(DoesNotOpen)
  })

  test('no table has so many small parts that the length rule would break', () => {
    const rows = [1, 2, 3].map(number => ({ number, size: 10, header: newHeader('r') }))
    expect(() => Layout.multipart(rows)).toThrow(DoesNotOpen)
    expect(() => Layout.multipart([])).toThrow(DoesNotOpen)
    const row = { size: MIN_PART, header: newHeader('r') }
    const most = Array.from({ length: 10_000 }, (_, i) => ({ ...row, number: i + 1 }))
    expect(Layout.multipart(most).size).toBe(10_000 * MIN_PART)
    expect(() => Layout.multipart([...most, { ...row, number: 10_001 }])).toThrow(DoesNotOpen)
  })
})
