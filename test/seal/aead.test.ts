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

/** By node:crypto, in memory of its own. */
function sealed(plain: Uint8Array, data?: Uint8Array): Buffer {
  const into = Buffer.alloc(plain.length + 16)
  nodeEngine.seal(KEY, NONCE, plain, into, data)
  return into
}

describe.each(ENGINES)('the $name engine', engine => {
  test('gives byte for byte what node:crypto gives, wherever the memory lies', () => {
    fc.assert(
      fc.property(lengths, memories, fc.uint8Array({ maxLength: 200 }), (length, allocate, data) => {
        const plain = bytes('plain', length)
        const expected = sealed(plain, data)
        const apart = allocate(length + 16)
        engine.seal(KEY, NONCE, plain, apart, data)
        expect(Buffer.compare(apart, expected)).toBe(0)
        const opened = allocate(length)
        engine.open(KEY, NONCE, apart, opened, data)
        expect(Buffer.compare(opened, plain)).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  test('seals and opens a message where it stands', () => {
    fc.assert(
      fc.property(lengths, memories, fc.uint8Array({ maxLength: 200 }), (length, allocate, data) => {
        const plain = bytes('plain', length)
        const memory = allocate(length + 16)
        memory.set(plain)
        engine.seal(KEY, NONCE, memory.subarray(0, length), memory, data)
        expect(Buffer.compare(memory, sealed(plain, data))).toBe(0)
        engine.open(KEY, NONCE, memory, memory.subarray(0, length), data)
        expect(Buffer.compare(memory.subarray(0, length), plain)).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  test('writes to no byte beside the one message', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 70 }), (length, offset) => {
        const around = Buffer.alloc(length + offset + 80, 0xa5)
        const plain = Buffer.alloc(length, 0xa5)
        const message = around.subarray(offset, offset + length + 16)
        const untouched = () =>
          around.subarray(0, offset).every(byte => byte === 0xa5) &&
          around.subarray(offset + length + 16).every(byte => byte === 0xa5)
        engine.seal(KEY, NONCE, plain, message)
        expect(untouched()).toBe(true)
        engine.open(KEY, NONCE, message, message.subarray(0, length))
        expect(untouched()).toBe(true)
        expect(plain.every(byte => byte === 0xa5)).toBe(true)
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

  test.each([true, false])(
    'leaves no unverified plaintext behind when a tag does not verify (%s)',
    inPlace => {
      const changed = sealed(bytes('plain', 1_000))
      changed[1_003]! ^= 1
      const before = Buffer.from(changed)
      const into = inPlace ? changed.subarray(0, 1_000) : Buffer.alloc(1_000, 0xa5)
      const held = Buffer.from(into)
      expect(() => engine.open(KEY, NONCE, changed, into)).toThrow(DoesNotOpen)
      expect(into.every(byte => byte === 0) || into.equals(held)).toBe(true)
      if (!inPlace) expect(changed.equals(before)).toBe(true)
    },
  )

  test('serves the next message as if the one before had never failed', () => {
    const message = sealed(bytes('plain', 500))
    const into = Buffer.alloc(500)
    expect(() => engine.open(bytes('other', 32), NONCE, message, into)).toThrow(DoesNotOpen)
    engine.open(KEY, NONCE, message, into)
    expect(Buffer.compare(into, bytes('plain', 500))).toBe(0)
  })

  test('names both lengths when it is given a wrong one', () => {
    const plain = new Uint8Array(8)
    const into = new Uint8Array(24)
    expect(() => engine.seal(KEY.subarray(1), NONCE, plain, into)).toThrow('expected 32 bytes, got 31')
    expect(() => engine.seal(KEY, NONCE.subarray(1), plain, into)).toThrow('expected 12 bytes, got 11')
    expect(() => engine.seal(KEY, NONCE, plain, into.subarray(1))).toThrow('expected 24 bytes, got 23')
    expect(() => engine.open(KEY, NONCE, into, plain.subarray(1))).toThrow('expected 23 bytes, got 24')
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
    const own = new Uint8Array(116)
    for (const memory of [shared, resizable]) {
      expect(() => engine.seal(KEY, NONCE, memory, own)).toThrow('not shared or resizable')
      expect(() => engine.seal(KEY, NONCE, own.subarray(0, 84), memory)).toThrow('not shared or resizable')
      expect(() => engine.open(KEY, NONCE, own, memory)).toThrow('not shared or resizable')
    }
  })

  test('takes no memory for the output that overlaps the input in part', () => {
    const memory = new Uint8Array(5_000)
    expect(() => engine.seal(KEY, NONCE, memory.subarray(16, 1_016), memory.subarray(0, 1_016))).toThrow(
      'overlap',
    )
  })
})

describe('choosing an engine', () => {
  test('takes node:crypto when it is named, EVP where it is proven, and says why', () => {
    expect(chooseEngine('node')).toEqual({ engine: nodeEngine, why: 'node:crypto, as configured' })
    expect(chooseEngine('auto').engine.name).toBe('evp')
    expect(chooseEngine('auto').why).toContain('proven')
  })

  test.each([
    ['seals', { seal: () => {} }],
    ['opens', { open: wrong }],
    ['verifies', { open: (_k: unknown, _n: unknown, _sealed: unknown, into: Uint8Array) => lenient(into) }],
    ['enciphers', { blocks: () => new Uint8Array(48) }],
    ['hashes', { hmac: () => new Uint8Array(32) }],
  ])('turns down an engine that %s otherwise', (act, broken) => {
    expect(() => proveEngine({ ...nodeEngine, ...broken })).toThrow(act)
  })
})

/** Verifies, and gives other bytes. */
const wrong: typeof nodeEngine.open = (key, nonce, message, into, data) => {
  nodeEngine.open(key, nonce, message, into, data)
  into.fill(5)
}

/** Gives what was sealed without looking at the tag. */
function lenient(into: Uint8Array): void {
  into.set(Array.from(into, (_, i) => (i * 31 + 7 * 17) & 0xff))
}
