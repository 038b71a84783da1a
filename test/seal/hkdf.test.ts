import { describe, expect, test } from 'vitest'
import { MAX_HMAC_KEY } from '../../src/seal/aead.ts'
import { hkdf, hkdfExpand } from '../../src/seal/hkdf.ts'
import published from '../vectors/seal/hkdf-sha256.json' with { type: 'json' }
import { ENGINES } from './fixture.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const firstBlock = (okm: string) => okm.slice(0, 64)
const short = published.vectors.filter(({ salt }) => hex(salt).length <= MAX_HMAC_KEY)

describe.each(ENGINES)('by the $name engine', engine => {
  test.each(short)('HKDF gives the answers of RFC 5869 ($info)', vector => {
    const block = hkdf(engine, hex(vector.ikm), hex(vector.salt), hex(vector.info))
    expect(Buffer.from(block).toString('hex')).toBe(firstBlock(vector.okm))
  })

  test.each(published.vectors)('one block of HKDF-Expand gives the answers of RFC 5869 ($info)', vector => {
    const block = hkdfExpand(engine, hex(vector.prk), hex(vector.info))
    expect(Buffer.from(block).toString('hex')).toBe(firstBlock(vector.okm))
  })
})
