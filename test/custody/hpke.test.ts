import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contextBytes } from '../../src/custody/context.ts'
import { generateHpkeKey, openWith, sealTo } from '../../src/custody/hpke.ts'

const vector = JSON.parse(readFileSync('test/vectors/custody/hpke.json', 'utf8')) as Record<string, string>
const context = ['treuhand/test/v1', 'acme', Buffer.from('010203', 'hex')] as const

describe('HPKE', () => {
  it("opens what Python's cryptography sealed, under the same info", async () => {
    expect(Buffer.from(contextBytes(context)).toString('hex')).toBe(vector['info'])
    const key = Buffer.from(vector['privateKey']!, 'hex')
    const opened = await openWith(key, Buffer.from(vector['sealed']!, 'hex'), context)
    expect(opened.toString()).toBe(vector['plaintext'])
  })

  it('opens for the right key and context only, and not with a bit flipped', async () => {
    const [key, other] = [await generateHpkeKey(), await generateHpkeKey()]
    const sealed = await sealTo(key.publicKey, Buffer.from('secret'), context)
    expect(sealed).toHaveLength(32 + 6 + 16)
    expect((await openWith(key.privateKey, sealed, context)).toString()).toBe('secret')
    const wrong = { code: 'Unverified' }
    await expect(openWith(other.privateKey, sealed, context)).rejects.toMatchObject(wrong)
    await expect(openWith(key.privateKey, sealed, ['treuhand/other/v1'])).rejects.toMatchObject(wrong)
    for (const at of [0, 31, 32, sealed.length - 1]) {
      const flipped = Buffer.from(sealed)
      flipped[at]! ^= 1
      await expect(openWith(key.privateKey, flipped, context)).rejects.toMatchObject(wrong)
    }
    await expect(openWith(key.privateKey, sealed.subarray(0, 40), context)).rejects.toMatchObject(wrong)
  })
})
