import { expect, test } from 'vitest'
import { hkdf, hkdfExpand } from '../../src/seal/hkdf.ts'
import published from '../vectors/seal/hkdf-sha256.json' with { type: 'json' }

const hex = (text: string) => Buffer.from(text, 'hex')

test.each(published.vectors)('HKDF gives the answers of RFC 5869 ($info)', vector => {
  const okm = hkdf(hex(vector.ikm), hex(vector.salt), hex(vector.info), vector.okm.length / 2)
  expect(Buffer.from(okm).toString('hex')).toBe(vector.okm)
})

test.each(published.vectors)('one block of HKDF-Expand gives the answers of RFC 5869 ($info)', vector => {
  const block = hkdfExpand(hex(vector.prk), hex(vector.info))
  expect(Buffer.from(block).toString('hex')).toBe(vector.okm.slice(0, 64))
})
