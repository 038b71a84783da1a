import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AeadEngine } from '../../src/seal/aead.ts'
import { Dek } from '../../src/seal/dek.ts'
import { nodeEngine } from '../../src/seal/engine-node.ts'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import { partLength } from '../../src/seal/lengths.ts'
import { PartOpener, PartSealer, partData, partHeader, segmentNonce } from '../../src/seal/part.ts'
import tink from '../vectors/seal/tink-aes-gcm-hkdf.json' with { type: 'json' }
import tinkGo from '../vectors/seal/tink-go.json' with { type: 'json' }
import { bytes, ENGINES, newHeader, sealPart } from './fixture.ts'
import { SLOW } from './slow.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

test("the segments' nonces open the vector that Tink publishes", () => {
  const { keySize, derivedKeySize, hkdfHash } = tink.parameters
  const header = { salt: hex(tink.salt), noncePrefix: hex(tink.noncePrefix) }
  const key = Buffer.from(hkdfSync(hkdfHash, hex(tink.key), header.salt, tink.aad, derivedKeySize))
  const opened = tink.segments.map(hex).map((segment, index) => {
    const nonce = segmentNonce(header, index, index === tink.segments.length - 1)
    const decipher = createDecipheriv(`aes-${keySize * 8}-gcm` as 'aes-128-gcm', key, nonce)
    decipher.setAuthTag(segment.subarray(-16))
    return Buffer.concat([decipher.update(segment.subarray(0, -16)), decipher.final()])
  })
  expect(Buffer.concat(opened).toString()).toBe(tink.plaintext)
})

test('a part is what Tink for Go makes of the same key, header and plaintext', () => {
  const dek = { engine: nodeEngine, partKey: () => hex(tinkGo.key) } as unknown as Dek
  expect(Buffer.from(partData(tinkGo.number)).toString('hex')).toBe(tinkGo.associatedData)
  const { shake128, length } = tinkGo.plaintext
  const plain = createHash('shake128', { outputLength: length }).update(shake128).digest()
  const sealed = sealPart(dek, partHeader(hex(tinkGo.header).subarray(1)), tinkGo.number, plain)
  expect(sealed.length).toBe(tinkGo.ciphertext.length)
  expect(createHash('sha256').update(sealed).digest('hex')).toBe(tinkGo.ciphertext.sha256)
})

describe.each(ENGINES)('a part on the $name engine', engine => {
  const dek = new Dek(engine, bytes('dek', 32))
  const header = newHeader('part')

  test('has the length that the rule gives, and opens segment by segment in any order', () => {
    const lengths = fc.oneof(
      fc.constantFrom(0, 1, 65_480, 65_481, 131_000, 131_001),
      fc.nat({ max: 300_000 }),
    )
    fc.assert(
      fc.property(lengths, length => {
        const plain = bytes('plain', length)
        const sealed = sealPart(dek, header, 7, plain)
        expect(sealed.length).toBe(partLength(length))
        const opener = new PartOpener(dek, header, 7, length)
        const opened: Uint8Array[] = []
        for (let index = opener.segments - 1; index >= 0; index--) {
          const start = index * 65_536
          const segment = Buffer.from(sealed.subarray(start, start + opener.segmentLength(index)))
          opened.unshift(opener.openSegment(index, segment))
        }
        expect(Buffer.concat(opened).equals(plain)).toBe(true)
      }),
      { numRuns: SLOW ? 1_000 : 20 },
    )
  })

  test('does not open under another number, header, DEK or length', () => {
    const sealed = sealPart(dek, header, 7, bytes('plain', 100_000))
    const opens = (opener: PartOpener, index = 0) => {
      const start = index * 65_536
      return opener.openSegment(
        index,
        Buffer.from(sealed.subarray(start, start + opener.segmentLength(index))),
      )
    }
    expect(opens(new PartOpener(dek, header, 7, 100_000)).length).toBe(65_480)
    expect(() => opens(new PartOpener(dek, header, 8, 100_000))).toThrow(DoesNotOpen)
    expect(() => opens(new PartOpener(dek, newHeader('other'), 7, 100_000))).toThrow(DoesNotOpen)
    expect(() => opens(new PartOpener(new Dek(engine, bytes('other', 32)), header, 7, 100_000))).toThrow(
      DoesNotOpen,
    )
    // As if the second segment had never been, or a third were missing.
    expect(() => opens(new PartOpener(dek, header, 7, 65_480))).toThrow(DoesNotOpen)
    expect(() => opens(new PartOpener(dek, header, 7, 131_001), 1)).toThrow(DoesNotOpen)
  })

  test('refuses a segment of any other length than the next one has', () => {
    const sealer = () => new PartSealer(dek, header, 0)
    const into = new Uint8Array(65_536)
    const seal = (part: PartSealer, length: number, last: boolean) =>
      part.sealSegment(new Uint8Array(length), last, into)
    expect(() => seal(sealer(), 65_479, false)).toThrow('takes 65480 bytes, not 65479')
    expect(() => seal(sealer(), 65_481, true)).toThrow('takes 65480 bytes')
    const ended = sealer()
    seal(ended, 1, true)
    expect(() => seal(ended, 1, true)).toThrow('none follows the last')
    const begun = sealer()
    seal(begun, 65_480, false)
    expect(begun.room).toBe(65_520)
    expect(() => seal(begun, 0, true)).toThrow('not 0')
  })
})

test('a part sent twice never uses a nonce twice under one key', () => {
  const used = new Set<string>()
  let messages = 0
  const spying: AeadEngine = {
    ...nodeEngine,
    seal(key, nonce, plaintext, data) {
      used.add(`${Buffer.from(key).toString('hex')} ${Buffer.from(nonce).toString('hex')}`)
      messages += 1
      return nodeEngine.seal(key, nonce, plaintext, data)
    },
  }
  const dek = new Dek(spying, bytes('dek', 32))
  for (let attempt = 0; attempt < 20; attempt++) {
    for (const number of [1, 2])
      sealPart(dek, newHeader(`attempt ${attempt} ${number}`), number, bytes('plain', 200_000))
  }
  expect(messages).toBe(20 * 2 * 4)
  expect(used.size).toBe(messages)
})

test('a part header takes 39 random bytes and no others', () => {
  expect(() => partHeader(new Uint8Array(38))).toThrow('expected 39 bytes, got 38')
})
