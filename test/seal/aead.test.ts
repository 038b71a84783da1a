import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeEngine } from '../../src/seal/engine-node.ts'
import { chooseEngine, proveEngine } from '../../src/seal/engines.ts'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import { bytes, ENGINES } from './fixture.ts'
import { SLOW } from './slow.ts'

const RUNS = SLOW ? 20_000 : 300
const KEY = bytes('key', 32)
const NONCE = bytes('nonce', 12)

/** Memory of every kind that a caller may hand in: own, pooled, small and on the heap, at an odd offset. */
const memories = fc.constantFrom<(length: number) => Uint8Array>(
  length => new Uint8Array(new ArrayBuffer(length)),
  length => new Uint8Array(length),
  length => Buffer.allocUnsafe(length),
  length => Buffer.allocUnsafeSlow(length),
  length => Buffer.alloc(length + 100).subarray(37, 37 + length),
)
const lengths = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(4_096, 65_480, 65_520))

describe.each(ENGINES)('the $name engine', engine => {
  test('gives byte for byte what node:crypto gives, wherever the memory lies', () => {
    fc.assert(
      fc.property(lengths, memories, fc.uint8Array({ maxLength: 200 }), (length, allocate, data) => {
        const plain = bytes('plain', length)
        const expected = nodeEngine.seal(KEY, NONCE, Buffer.from(plain), data)
        const memory = allocate(length)
        memory.set(plain)
        const sealed = engine.seal(KEY, NONCE, memory, data)
        expect(Buffer.compare(sealed.ciphertext, expected.ciphertext)).toBe(0)
        expect(Buffer.compare(sealed.tag, expected.tag)).toBe(0)
        memory.set(expected.ciphertext)
        expect(Buffer.compare(engine.open(KEY, NONCE, memory, expected.tag, data), plain)).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  test('writes to no byte beside the one message', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 70 }), (length, offset) => {
        const around = Buffer.alloc(length + offset + 64, 0xa5)
        const { tag } = engine.seal(KEY, NONCE, around.subarray(offset, offset + length))
        const before = around.subarray(0, offset)
        const after = around.subarray(offset + length)
        expect(before.every(byte => byte === 0xa5) && after.every(byte => byte === 0xa5)).toBe(true)
        expect(tag.length).toBe(16)
      }),
      { numRuns: RUNS },
    )
  })

  test('gives the HMAC that node:crypto gives, whatever it was asked before', () => {
    const short = fc.uint8Array({ maxLength: 64 })
    fc.assert(
      fc.property(short, fc.uint8Array({ maxLength: 1_024, size: 'max' }), (key, message) => {
        const expected = createHmac('sha256', key).update(message).digest()
        expect(Buffer.compare(engine.hmac(key, message), expected)).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  test('leaves no unverified plaintext behind when a tag does not verify', () => {
    const plain = bytes('plain', 1_000)
    const { ciphertext, tag } = nodeEngine.seal(KEY, NONCE, plain)
    tag[3]! ^= 1
    const memory = Buffer.from(ciphertext)
    expect(() => engine.open(KEY, NONCE, memory, tag)).toThrow(DoesNotOpen)
    expect(memory.every(byte => byte === 0) || memory.equals(ciphertext)).toBe(true)
  })

  test('serves the next message as if the one before had never failed', () => {
    const { ciphertext, tag } = nodeEngine.seal(KEY, NONCE, bytes('plain', 500))
    expect(() => engine.open(bytes('other', 32), NONCE, Buffer.from(ciphertext), tag)).toThrow(DoesNotOpen)
    expect(Buffer.compare(engine.open(KEY, NONCE, Buffer.from(ciphertext), tag), bytes('plain', 500))).toBe(0)
  })

  test('names both lengths when it is given a wrong one', () => {
    const plain = new Uint8Array(8)
    expect(() => engine.seal(KEY.subarray(1), NONCE, plain)).toThrow('expected 32 bytes, got 31')
    expect(() => engine.seal(KEY, NONCE.subarray(1), plain)).toThrow('expected 12 bytes, got 11')
    expect(() => engine.open(KEY, NONCE, plain, new Uint8Array(12))).toThrow('expected 16 bytes, got 12')
    expect(() => engine.blocks(KEY, new Uint8Array(15))).toThrow('whole blocks of 16, got 15')
    expect(() => engine.hmac(new Uint8Array(65), plain)).toThrow('expected 64 bytes at most, got 65')
    expect(() => engine.hmac(KEY, new Uint8Array(1025))).toThrow('expected 1024 bytes at most, got 1025')
  })

  test('passes the known-answer test that it must pass at start', () => {
    expect(() => proveEngine(engine)).not.toThrow()
  })
})

describe('the EVP engine', () => {
  const { engine } = chooseEngine('evp')

  test('takes no memory that can move, shrink or be written by another thread', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100))
    const resizable = new Uint8Array(new ArrayBuffer(100, { maxByteLength: 200 }))
    expect(() => engine.seal(KEY, NONCE, shared)).toThrow('not shared or resizable')
    expect(() => engine.seal(KEY, NONCE, resizable)).toThrow('not shared or resizable')
  })

  test('seals in the memory that it is given', () => {
    const memory = Buffer.from(bytes('plain', 65_520))
    expect(engine.seal(KEY, NONCE, memory).ciphertext).toBe(memory)
  })
})

describe('choosing an engine', () => {
  test('takes node:crypto when it is named, EVP where it is proven, and says why', () => {
    expect(chooseEngine('node')).toEqual({ engine: nodeEngine, why: 'node:crypto, as configured' })
    expect(chooseEngine('auto').engine.name).toBe('evp')
    expect(chooseEngine('auto').why).toContain('proven')
  })

  test.each([
    ['seals', { seal: () => ({ ciphertext: new Uint8Array(0), tag: new Uint8Array(16) }) }],
    ['opens', { open: () => new Uint8Array(5) }],
    ['verifies', { open: (_k: unknown, _n: unknown, ciphertext: Uint8Array) => lenient(ciphertext) }],
    ['enciphers', { blocks: () => new Uint8Array(48) }],
    ['hashes', { hmac: () => new Uint8Array(32) }],
  ])('turns down an engine that %s otherwise', (act, broken) => {
    expect(() => proveEngine({ ...nodeEngine, ...broken })).toThrow(act)
  })
})

/** Decrypts without looking at the tag: GCM is counter mode from block 2. */
function lenient(ciphertext: Uint8Array): Uint8Array {
  const known = [0, 1, 15, 16, 17, 63, 64, 65, 4096, 65_480, 65_520].indexOf(ciphertext.length)
  return known < 0 ? ciphertext : Buffer.from(Array.from(ciphertext, (_, i) => (i * 31 + 7 * 17) & 0xff))
}
