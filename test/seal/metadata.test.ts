import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Dek } from '../../src/seal/dek.ts'
import { sealEnvelope } from '../../src/seal/envelope.ts'
import { DoesNotOpen, MetadataTooLarge } from '../../src/seal/errors.ts'
import type { Headers } from '../../src/seal/headers.ts'
import {
  MAX_HEADERS,
  type Metadata,
  openMetadata,
  readStoredHeaders,
  type StoredHeaders,
  sealMetadata,
} from '../../src/seal/metadata.ts'
import { bytes, ENGINES, NAME, newHeader, wrappingKey } from './fixture.ts'

const WRITTEN_AT = Date.UTC(2026, 10, 24, 12, 0, 0, 123)

const octets = (max: number) =>
  fc.uint8Array({ maxLength: max }).map(value => Buffer.from(value).toString('latin1'))
const names = fc.oneof(
  fc.constantFrom('content-type', 'content-encoding', 'content-disposition', 'content-language'),
  fc.constantFrom('cache-control', 'expires', 'x-amz-website-redirect-location', 'x-amz-meta-', 'x-other'),
  fc.stringMatching(/^x-amz-meta-[a-z0-9_-]{1,150}$/),
)
const headerSets: fc.Arbitrary<Headers> = fc.array(fc.tuple(names, octets(200)), { maxLength: 8 })

describe.each(ENGINES)('metadata on the $name engine', engine => {
  const dek = new Dek(engine, bytes('dek', 32))
  const key = wrappingKey(engine)
  const envelopeOf = (seed: string) =>
    sealEnvelope(dek, key, NAME, { kind: 'single', header: newHeader(seed) }, bytes(`${seed} wrap`, 24))
  const single = envelopeOf('a')
  const multipart = sealEnvelope(dek, key, NAME, { kind: 'multipart' }, bytes('m wrap', 24))
  const seal = (metadata: Metadata, envelope = single) =>
    sealMetadata(dek, envelope, metadata, bytes('nonce', 24))
  const open = (stored: StoredHeaders) => {
    const sealed = readStoredHeaders(stored)
    if (sealed === undefined) throw new Error('not sealed')
    return openMetadata(dek, sealed)
  }

  test('comes back octet for octet, in the order it came', () => {
    fc.assert(
      fc.property(headerSets, fc.nat({ max: 2 ** 48 }), fc.boolean(), (headers, size, isSingle) => {
        const metadata = isSingle
          ? {
              headers,
              writtenAt: WRITTEN_AT,
              size,
              checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' } as const,
            }
          : { headers, writtenAt: WRITTEN_AT, checksum: { algorithm: 'SHA256', type: 'COMPOSITE' } as const }
        expect(open(seal(metadata, isSingle ? single : multipart))).toEqual(metadata)
      }),
      { numRuns: 200 },
    )
  })

  test('with 2 KB of user metadata and the usual system headers fits what stores grant', () => {
    const legal: Headers = [
      ...Array.from({ length: 16 }, (_, i) => [`x-amz-meta-name-${10 + i}`, 'ü'.repeat(121)] as const),
      ['content-type', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; charset=utf-8'],
      ['content-disposition', `attachment; filename="${'a'.repeat(200)}.xlsx"`],
      ['cache-control', 'private, max-age=31536000, immutable'],
      ['content-encoding', 'gzip'],
      ['content-language', 'de-DE, en'],
      ['expires', 'Thu, 01 Dec 2026 16:00:00 GMT'],
    ]
    const user = legal.filter(([name]) => name.startsWith('x-amz-meta-'))
    expect(user.reduce((sum, [name, value]) => sum + name.length - 11 + value.length, 0)).toBe(2_048)
    const stored = seal({ headers: legal, writtenAt: WRITTEN_AT, size: 5 })
    const granted = Object.entries(stored.metadata).reduce((sum, [n, v]) => sum + 11 + n.length + v.length, 0)
    expect(granted).toBeLessThanOrEqual(2_048)
    expect(stored.contentDisposition?.length).toBeLessThanOrEqual(1_900)
    expect(open(stored).headers).toEqual(legal)
  })

  test('takes no room in Content-Disposition while it fits beside the envelope', () => {
    const stored = seal({ headers: [['x-amz-meta-a', 'b'.repeat(1_200)]], writtenAt: WRITTEN_AT, size: 5 })
    expect(Object.keys(stored)).toEqual(['metadata'])
  })

  test('fits up to the published limit, and names it beyond', () => {
    const headers = (length: number): Headers => [['x-amz-meta-a', 'v'.repeat(length - 4)]]
    const stored = seal({ headers: headers(MAX_HEADERS), writtenAt: WRITTEN_AT, size: 5 })
    expect(stored.metadata['th1m']?.length).toBe(1_800)
    expect(stored.contentDisposition?.length).toBeLessThanOrEqual(1_900)
    const tooLarge = () => seal({ headers: headers(MAX_HEADERS + 1), writtenAt: WRITTEN_AT, size: 5 })
    expect(tooLarge).toThrow(MetadataTooLarge)
    expect(tooLarge).toThrow(`need ${MAX_HEADERS + 1} bytes sealed, the limit is ${MAX_HEADERS}`)
  })

  test('does not open when any character is changed, lost or moved', () => {
    const stored = seal({ headers: [['x-amz-meta-a', 'b'.repeat(1_500)]], writtenAt: WRITTEN_AT, size: 5 })
    const th1m = stored.metadata['th1m']!
    const spill = stored.contentDisposition!
    const changes: Partial<Record<'th1m' | 'contentDisposition', string>>[] = [
      { th1m: `${th1m[0] === 'A' ? 'B' : 'A'}${th1m.slice(1)}` },
      { th1m: `${th1m.slice(0, -1)}${th1m.at(-1) === 'A' ? 'B' : 'A'}` },
      { th1m: th1m.slice(4) },
      { th1m: spill, contentDisposition: th1m },
      { contentDisposition: spill.slice(0, -4) },
      { contentDisposition: '' },
      { contentDisposition: `${spill}AAAA` },
      { contentDisposition: `${spill}=` },
      { contentDisposition: 'attachment' },
      { th1m: '' },
      { th1m: th1m.repeat(4) },
    ]
    for (const { th1m: text = th1m, contentDisposition = spill } of changes) {
      const changed = { metadata: { ...stored.metadata, th1m: text }, contentDisposition }
      expect(() => open(changed)).toThrow(DoesNotOpen)
    }
  })

  test('does not open beside the envelope of a copy, which has the same DEK', () => {
    const stored = seal({ headers: [['content-type', 'text/plain']], writtenAt: WRITTEN_AT, size: 5 })
    const other = seal({ headers: [], writtenAt: WRITTEN_AT, size: 5 }, envelopeOf('b'))
    const spliced = { metadata: { ...stored.metadata, th1: other.metadata['th1']! } }
    expect(() => open(spliced)).toThrow(DoesNotOpen)
  })

  test('does not open when the part header in the envelope is changed', () => {
    const stored = seal({ headers: [], writtenAt: WRITTEN_AT, size: 5 })
    for (let at = 123; at < 162; at++) {
      const envelope = Buffer.from(stored.metadata['th1']!, 'base64url')
      envelope[at]! ^= 1
      const changed = { metadata: { ...stored.metadata, th1: envelope.toString('base64url') } }
      expect(() => open(changed)).toThrow(DoesNotOpen)
    }
  })

  test('has a size for a single part and none for a multipart object', () => {
    expect(() => seal({ headers: [], writtenAt: WRITTEN_AT })).toThrow(TypeError)
    expect(() => seal({ headers: [], writtenAt: WRITTEN_AT, size: 5 }, multipart)).toThrow(TypeError)
  })

  test('takes lower-case names and octets only', () => {
    const sealing = (headers: Headers) => () => seal({ headers, writtenAt: WRITTEN_AT, size: 5 })
    expect(sealing([['Content-Type', 'a']])).toThrow('lower case')
    expect(sealing([['content-type', 'a€b']])).toThrow('octets')
  })
})

test('an object without an envelope was not sealed', () => {
  expect(readStoredHeaders({ metadata: {} })).toBeUndefined()
  expect(
    readStoredHeaders({ metadata: { th1m: 'AAAA', other: 'x' }, contentDisposition: 'inline' }),
  ).toBeUndefined()
  expect(() => readStoredHeaders({ metadata: { th1: '' } })).toThrow(DoesNotOpen)
})
