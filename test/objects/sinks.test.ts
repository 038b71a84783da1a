import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OpeningSink } from '../../src/objects/opening-sink.ts'
import { SealingSink } from '../../src/objects/sealing-sink.ts'
import { PartSealer, UNNUMBERED } from '../../src/seal/part.ts'
import { PayloadOpener } from '../../src/seal/payload.ts'
import type { Sink, Writer } from '../../src/wire/body.ts'
import { bytes, ENGINES, sealSingle } from '../seal/fixture.ts'

const SEGMENT = 65_536
const NEVER = new AbortController().signal

/** Of one segment, where it is sealed and opened in place, and of several, where it slides. */
const memories = fc.constantFrom(1, 2, 3, 16).map(segments => new Uint8Array(segments * SEGMENT))
const lengths = fc.oneof(
  fc.constantFrom(1, 65_480, 65_481, 131_000, 131_001, 917_240, 917_241, 982_760, 982_761),
  fc.integer({ min: 1, max: 1_500_000 }),
)
/** Bytes of a read, the most that come at once. */
const reads = fc.integer({ min: 1_000, max: 1_100_000 })

/** Copies what is written before the memory is used again, and counts the pieces. */
class Written implements Writer {
  readonly pieces: Buffer[] = []
  most = 0

  write(pieces: readonly Uint8Array[]): undefined {
    this.most = Math.max(this.most, pieces.length)
    for (const piece of pieces) this.pieces.push(Buffer.from(piece))
  }
}

function feed(sink: Sink, from: Uint8Array, atMost: number): void {
  for (let at = 0; at < from.length; ) {
    const space = sink.space()
    const run = from.subarray(at, at + Math.min(atMost, space.length))
    space.set(run)
    at += run.length
    sink.filled(run.length)
  }
}

test.each(ENGINES)(
  'a body that was sealed on its way opens on its way, whatever the memory ($name)',
  engine => {
    fc.assert(
      fc.property(lengths, memories, memories, reads, (length, sealing, opening, atMost) => {
        const plain = bytes('plain', length)
        const object = sealSingle(engine, plain)
        const part = new PartSealer(object.dek, object.layout.parts[0]!.header, UNNUMBERED)
        const sealed = new Written()
        const sink = new SealingSink(part, sealing, length, NEVER, sealed)
        feed(sink, plain, atMost)
        sealed.write([sink.end()])
        const stored = object.stored.subarray(0, object.layout.zerosStart)
        expect(Buffer.concat(sealed.pieces).equals(stored)).toBe(true)
        expect(sealed.most).toBe(1)

        const opened = new Written()
        const opener = new PayloadOpener(object.dek, object.layout)
        feed(new OpeningSink(opener, opening, opened, NEVER), object.stored, atMost)
        expect(opener.done).toBe(true)
        expect(Buffer.concat(opened.pieces).equals(plain)).toBe(true)
        expect(opened.most).toBeLessThanOrEqual(2)
      }),
      { numRuns: 12 },
    )
  },
)

test('nothing of a batch with a changed segment leaves', () => {
  const object = sealSingle(ENGINES[0]!, bytes('plain', 600_000))
  const stored = Buffer.from(object.stored)
  stored[500_000]! ^= 1
  const written = new Written()
  const opener = new PayloadOpener(object.dek, object.layout)
  const sink = new OpeningSink(opener, new Uint8Array(16 * SEGMENT), written, NEVER)
  expect(() => feed(sink, stored, 100_000)).toThrow()
  expect(written.pieces).toEqual([])
})
