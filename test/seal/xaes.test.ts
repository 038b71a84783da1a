import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import { Xaes } from '../../src/seal/xaes.ts'
import published from '../vectors/seal/xaes-256-gcm.json' with { type: 'json' }
import { bytes, ENGINES } from './fixture.ts'
import { SLOW } from './slow.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

describe.each(ENGINES)('XAES-256-GCM on the $name engine', engine => {
  test.each(published.vectors)('seals and opens the published vector $key', vector => {
    const xaes = new Xaes(engine, hex(vector.key))
    const sealed = xaes.seal(hex(vector.nonce), hex(vector.plaintext), hex(vector.aad))
    expect(Buffer.from(sealed).toString('hex')).toBe(vector.ciphertext)
    const opened = xaes.open(hex(vector.nonce), hex(vector.ciphertext), hex(vector.aad))
    expect(Buffer.from(opened).toString('hex')).toBe(vector.plaintext)
  })

  test('gives the published hash over many random messages', { timeout: 300_000 }, () => {
    const rounds = SLOW ? '1000000' : '10000'
    // 313 bytes a round on average.
    const stream = createHash('shake128', { outputLength: Number(rounds) * 320 }).digest()
    const results = createHash('shake128', { outputLength: 32 })
    let at = 0
    const take = (length: number) => {
      at += length
      return stream.subarray(at - length, at)
    }
    for (let round = 0; round < Number(rounds); round++) {
      const xaes = new Xaes(engine, take(32))
      const nonce = take(24)
      const plaintext = take(take(1)[0]!)
      const data = take(take(1)[0]!)
      const sealed = xaes.seal(nonce, plaintext, data)
      results.update(sealed)
      if (round % 100 === 0) expect(Buffer.compare(xaes.open(nonce, sealed, data), plaintext)).toBe(0)
    }
    expect(results.digest('hex')).toBe(published.accumulated[rounds])
  })

  test('opens nothing that was changed, cut, or sealed beside other data', () => {
    const xaes = new Xaes(engine, bytes('key', 32))
    const nonce = bytes('nonce', 24)
    const data = bytes('data', 100)
    const sealed = xaes.seal(nonce, bytes('plain', 60), data)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => xaes.open(nonce, changed, data)).toThrow(DoesNotOpen)
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => xaes.open(nonce, sealed.subarray(0, length), data)).toThrow(DoesNotOpen)
    }
    expect(() => xaes.open(nonce, sealed, data.subarray(1))).toThrow(DoesNotOpen)
    expect(() => xaes.open(bytes('other', 24), sealed, data)).toThrow(DoesNotOpen)
    expect(() => new Xaes(engine, bytes('other', 32)).open(nonce, sealed, data)).toThrow(DoesNotOpen)
  })

  test('leaves what it was given as it was', () => {
    const xaes = new Xaes(engine, bytes('key', 32))
    const plaintext = bytes('plain', 48)
    const sealed = Buffer.from(xaes.seal(bytes('nonce', 24), plaintext, bytes('data', 9)))
    expect(plaintext.equals(bytes('plain', 48))).toBe(true)
    const copy = Buffer.from(sealed)
    xaes.open(bytes('nonce', 24), sealed, bytes('data', 9))
    expect(sealed.equals(copy)).toBe(true)
  })
})
