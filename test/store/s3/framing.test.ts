import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { framingOf, type PayloadForm } from '../../../src/store/s3/framing.ts'
import { ChunkSigner } from '../../../src/store/s3/signature.ts'
import { CRC32 } from '../../../src/store/s3/trailing-checksum.ts'

const signer = () => new ChunkSigner(Buffer.alloc(32, 1), '20130524T000000Z', 'scope', 'seed')

/** The payload in its form, written in pieces that end where `cuts` say. */
function framed(form: PayloadForm, payload: Buffer, cuts: readonly number[]): Buffer {
  const framing = framingOf(form, payload.length, CRC32, signer())
  const borders = [0, ...cuts.map(cut => cut % (payload.length + 1)).sort((a, b) => a - b), payload.length]
  const out = borders.slice(1).flatMap((to, i) => {
    // The pieces of one write stay valid; what was written before may change, so it is copied here.
    const piece = Buffer.from(payload.subarray(borders[i], to))
    const pieces = framing.frame([piece]).map(part => Buffer.from(part))
    piece.fill(0)
    return pieces
  })
  const bytes = Buffer.concat([...out, ...framing.end()])
  expect(framing.contentLength).toBe(bytes.length)
  return bytes
}

/** A decoder of aws-chunked that knows nothing of the encoder. */
function decode(bytes: Buffer) {
  const sizes: number[] = []
  const data: Buffer[] = []
  const signatures: string[] = []
  let at = 0
  const line = () => {
    const end = bytes.indexOf('\r\n', at)
    const text = bytes.toString('latin1', at, end)
    at = end + 2
    return text
  }
  for (;;) {
    const [size, signature] = line().split(';chunk-signature=')
    if (signature !== undefined) signatures.push(signature)
    const length = Number.parseInt(size!, 16)
    if (length === 0) break
    sizes.push(length)
    data.push(bytes.subarray(at, at + length))
    at += length
    expect(line()).toBe('')
  }
  const trailer: string[] = []
  for (let text = line(); text !== ''; text = line()) trailer.push(text)
  expect(at).toBe(bytes.length)
  return { payload: Buffer.concat(data), sizes, signatures, trailer }
}

const checksum = (payload: Buffer): string => {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(payload))
  return `x-amz-checksum-crc32:${value.toString('base64')}`
}

const payloads = fc.integer({ min: 0, max: 200_000 }).map(length => Buffer.alloc(length, 'payload'))
const cuts = fc.array(fc.nat(), { maxLength: 6 })

describe.each(['unsigned-trailer', 'signed-trailer'] as const)('a payload as %s', form => {
  test('decodes to itself and ends with its checksum, however it was cut', () => {
    fc.assert(
      fc.property(payloads, cuts, (payload, where) => {
        const decoded = decode(framed(form, payload, where))
        expect(decoded.payload.equals(payload)).toBe(true)
        expect(decoded.trailer[0]).toBe(checksum(payload))
      }),
    )
  })

  test('goes in chunks of one size, but for the last', () => {
    const { sizes } = decode(framed(form, Buffer.alloc(3 * 15 * 65_536 + 5), [7, 70_000]))
    expect(new Set(sizes.slice(0, -1)).size).toBe(1)
    expect(sizes[0]).toBeGreaterThanOrEqual(8192)
    expect(sizes.at(-1)).toBe(5)
  })

  test('is refused where it is longer or shorter than announced', () => {
    expect(() => framingOf(form, 9, CRC32, signer()).frame([Buffer.alloc(10)])).toThrow(RangeError)
    const framing = framingOf(form, 11, CRC32, signer())
    framing.frame([Buffer.alloc(10)])
    expect(() => framing.end()).toThrow(RangeError)
  })
})

test('each signed chunk is signed over its own bytes, in order, the trailer last', () => {
  const payload = Buffer.alloc(65_536 + 10, 'x')
  const { signatures, trailer } = decode(framed('signed-trailer', payload, [100]))
  const chain = signer()
  const parts = [payload.subarray(0, 65_536), payload.subarray(65_536), Buffer.alloc(0)]
  expect(signatures).toEqual(parts.map(part => chain.chunk(part)))
  expect(trailer[1]).toBe(`x-amz-trailer-signature:${chain.trailer(`${checksum(payload)}\n`)}`)
})

test('a plain payload is itself', () => {
  const payload = Buffer.from('payload')
  expect(framed('plain', payload, [2, 3]).equals(payload)).toBe(true)
})
