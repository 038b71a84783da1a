import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Dek } from '../../src/seal/dek.ts'
import { nodeEngine } from '../../src/seal/engine-node.ts'
import {
  ENVELOPE_TEXT,
  type Envelope,
  envelopeText,
  openEnvelope,
  readEnvelope,
  sealEnvelope,
} from '../../src/seal/envelope.ts'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import { WrappingKey } from '../../src/seal/wrapping-key.ts'
import { bytes, ENGINES, NAME, newHeader, wrappingKey } from './fixture.ts'

describe.each(ENGINES)('an envelope on the $name engine', engine => {
  const dek = new Dek(engine, bytes('dek', 32))
  const key = wrappingKey(engine)
  const single = sealEnvelope(dek, key, NAME, { kind: 'single', header: newHeader('a') }, bytes('wrap', 24))
  const multipart = sealEnvelope(dek, key, NAME, { kind: 'multipart' }, bytes('wrap', 24))
  const opens = (envelope: Envelope, name = NAME, by = key) =>
    Buffer.compare(openEnvelope(envelope, by, name).commitment(), dek.commitment()) === 0

  test('is 216 characters that a header may hold, and reads back as it was', () => {
    for (const envelope of [single, multipart]) {
      const text = envelopeText(envelope)
      expect(text).toMatch(/^[A-Za-z0-9_-]{216}$/)
      expect(text.length).toBe(ENVELOPE_TEXT)
      expect(readEnvelope(text)).toEqual(envelope)
      expect(opens(readEnvelope(text))).toBe(true)
    }
    expect(single.kind).toBe('single')
    expect(multipart.kind).toBe('multipart')
  })

  test('opens under its own names only', () => {
    for (const field of ['tenant', 'bucket', 'key'] as const) {
      expect(() => opens(single, { ...NAME, [field]: `${NAME[field]}x` })).toThrow(DoesNotOpen)
    }
    // The same characters, cut elsewhere.
    const cut = { tenant: 'ab', bucket: 'c', key: 'd' }
    const moved = sealEnvelope(dek, key, cut, { kind: 'multipart' }, bytes('wrap', 24))
    expect(() => opens(moved, { tenant: 'a', bucket: 'bc', key: 'd' })).toThrow(DoesNotOpen)
    expect(opens(moved, cut)).toBe(true)
  })

  test('opens with its own group key only, and is not tried with one of another id', () => {
    expect(() => opens(single, NAME, wrappingKey(engine, 'another'))).toThrow(DoesNotOpen)
    const sameId = WrappingKey.whole(engine, single.groupKeyId, bytes('another', 32))
    expect(() => opens(single, NAME, sameId)).toThrow(DoesNotOpen)
    const otherId = WrappingKey.whole(engine, bytes('id', 16), bytes('group key', 32))
    expect(() => opens(single, NAME, otherId)).toThrow(DoesNotOpen)
  })

  test('does not open when any bit but the part header is changed', () => {
    for (let bit = 0; bit < 123 * 8; bit++) {
      const changed = Buffer.from(single.bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => opens(readEnvelope(changed.toString('base64url')))).toThrow(DoesNotOpen)
    }
  })

  test('of a multipart object has nothing where a part header would stand', () => {
    const changed = Buffer.from(multipart.bytes)
    changed[161]! = 1
    expect(() => readEnvelope(changed.toString('base64url'))).toThrow(DoesNotOpen)
  })

  test('is not of an older or newer version or suite, nor of another kind', () => {
    for (const [at, value] of [
      [0, 0],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 0],
      [2, 3],
    ] as const) {
      const changed = Buffer.from(single.bytes)
      changed[at] = value
      expect(() => readEnvelope(changed.toString('base64url'))).toThrow(DoesNotOpen)
    }
    const relabelled = Buffer.from(single.bytes)
    relabelled[2] = 2
    relabelled.fill(0, 123)
    expect(() => opens(readEnvelope(relabelled.toString('base64url')))).toThrow(DoesNotOpen)
  })

  test('has one spelling', () => {
    const text = envelopeText(single)
    const other = Buffer.from(single.bytes).toString('base64')
    for (const wrong of [
      `${text}=`,
      ` ${text}`,
      text.slice(1),
      '',
      `${text.slice(0, -1)}!`,
      `${text.slice(0, 215)}\n`,
    ]) {
      expect(() => readEnvelope(wrong)).toThrow(DoesNotOpen)
    }
    if (other !== text) expect(() => readEnvelope(other)).toThrow(DoesNotOpen)
  })

  test('of a split tenant opens with both halves and with neither alone', () => {
    const groupKey = bytes('group key', 32)
    const half = bytes('half', 32)
    const split = WrappingKey.split(engine, key.groupKeyId, groupKey, half)
    const envelope = sealEnvelope(dek, split, NAME, { kind: 'multipart' }, bytes('wrap', 24))
    expect(opens(envelope, NAME, WrappingKey.split(engine, key.groupKeyId, groupKey, half))).toBe(true)
    for (const wrong of [
      WrappingKey.whole(engine, key.groupKeyId, groupKey),
      WrappingKey.whole(engine, key.groupKeyId, half),
      WrappingKey.split(engine, key.groupKeyId, half, groupKey),
      WrappingKey.split(engine, key.groupKeyId, groupKey, bytes('other', 32)),
    ]) {
      expect(() => opens(envelope, NAME, wrong)).toThrow(DoesNotOpen)
    }
  })

  test('with a DEK that it does not commit to does not open', () => {
    // Whoever holds the group key could wrap another DEK beside this commitment.
    const other = sealEnvelope(
      new Dek(engine, bytes('other', 32)),
      key,
      NAME,
      { kind: 'multipart' },
      bytes('w', 24),
    )
    const forged = Buffer.from(other.bytes)
    forged.set(dek.commitment(), 91)
    expect(() => opens(readEnvelope(forged.toString('base64url')))).toThrow(DoesNotOpen)
  })

  test('is bound to no name that is not Unicode', () => {
    const name = { ...NAME, key: 'a\ud800b' }
    expect(() => sealEnvelope(dek, key, name, { kind: 'multipart' }, bytes('wrap', 24))).toThrow(
      'well-formed',
    )
  })
})

test('every name opens, and no other name with it', () => {
  const dek = new Dek(nodeEngine, bytes('dek', 32))
  const key = wrappingKey(nodeEngine)
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  fc.assert(
    fc.property(text, text, text, text, text, text, (a, b, c, d, e, f) => {
      const sealed = { tenant: a, bucket: b, key: c }
      const asked = { tenant: d, bucket: e, key: f }
      const envelope = sealEnvelope(dek, key, sealed, { kind: 'multipart' }, bytes('wrap', 24))
      expect(openEnvelope(envelope, key, sealed).commitment()).toEqual(dek.commitment())
      if (a === d && b === e && c === f) return
      expect(() => openEnvelope(envelope, key, asked)).toThrow(DoesNotOpen)
    }),
    { numRuns: 200 },
  )
})

test('two DEKs have two commitments, and every subkey is another', () => {
  const dek = new Dek(nodeEngine, bytes('dek', 32))
  expect(dek.commitment()).not.toEqual(new Dek(nodeEngine, bytes('other', 32)).commitment())
  expect(Buffer.compare(dek.partKey(), dek.commitment())).not.toBe(0)
  const nonce = bytes('nonce', 24)
  const none = new Uint8Array(0)
  const sealed = [dek.metadataKey(), dek.tableKey(), dek.summaryKey()].map(xaes =>
    Buffer.from(xaes.seal(nonce, bytes('plain', 32), none)).toString('hex'),
  )
  expect(new Set(sealed).size).toBe(3)
})

test('a wiped DEK or wrapping key opens nothing any more', () => {
  const dek = new Dek(nodeEngine, bytes('dek', 32))
  const key = wrappingKey(nodeEngine)
  const envelope = sealEnvelope(dek, key, NAME, { kind: 'multipart' }, bytes('wrap', 24))
  key.wipe()
  expect(() => openEnvelope(envelope, key, NAME)).toThrow(DoesNotOpen)
  const part = dek.partKey()
  dek.wipe()
  expect(part.every(byte => byte === 0)).toBe(true)
})
