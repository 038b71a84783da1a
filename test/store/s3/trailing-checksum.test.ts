import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { TRAILING_CHECKSUMS } from '../../../src/objects/checksum.ts'
import { ALWAYS_CHECKSUMMED, type ChecksumKind } from '../../../src/store/store.ts'
import { PLAIN, put } from '../contract/bytes.ts'
import { answer, OBJECT, scripted, WELL } from './scripted-store.ts'

const AT = { bucket: 'bucket', key: 'k' }
const ALL = TRAILING_CHECKSUMS.map(({ algorithm }) => algorithm)

const setting = (taken: readonly string[]) => ({
  checksums: TRAILING_CHECKSUMS,
  findings: { ...WELL, checksums: taken },
})

describe('behind the ciphertext goes a checksum', () => {
  const trailer = async (
    taken: readonly string[],
    algorithm?: string,
    type: ChecksumKind['type'] = 'FULL_OBJECT',
  ) => {
    const { store, seen } = await scripted(() => answer(200, OBJECT), setting(taken))
    const object = { ...PLAIN, ...(algorithm && { checksum: { algorithm, type } }) }
    await put(store, AT, Buffer.from('ciphertext'), {}, object)
    const [{ headers, body }] = seen as [(typeof seen)[0]]
    const [, name, value] = /\r\n(x-amz-checksum-\w+):(\S+)\r\n/.exec(body.toString('latin1')) ?? []
    expect(headers.get('x-amz-trailer')).toBe(name)
    return { name, value }
  }

  test.each(TRAILING_CHECKSUMS)('of the algorithm that the plaintext has: $algorithm', async checksum => {
    const digest = checksum.digest()
    digest.update(Buffer.from('ciphertext'))
    expect(await trailer(ALL, checksum.algorithm)).toEqual({
      name: `x-amz-checksum-${checksum.algorithm.toLowerCase()}`,
      value: Buffer.from(digest.digest()).toString('base64'),
    })
  })

  test('of SHA-256, as another library has it', async () => {
    const value = createHash('sha256').update('ciphertext').digest('base64')
    expect((await trailer(ALL, 'SHA256')).value).toBe(value)
  })

  test('of CRC-32, where there is none or the store does not take it', async () => {
    expect((await trailer(ALL)).name).toBe('x-amz-checksum-crc32')
    expect((await trailer(['CRC32', 'CRC32C'], 'MD5')).name).toBe('x-amz-checksum-crc32')
    expect((await trailer(ALL, 'SHA256', 'COMPOSITE')).name).toBe('x-amz-checksum-crc32')
  })
})

describe('a listing names the kind of checksum that the plaintext has', () => {
  const whole = (algorithm: string) => ({ algorithm, type: 'FULL_OBJECT' })
  const listed = async (entry: { algorithm?: string; etag?: string; size?: number }, taken = ALL) => {
    const { algorithm, etag = 'e', size = 1000 } = entry
    const body = `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key>
      <LastModified>2026-11-24T08:00:00.000Z</LastModified><ETag>"${etag}"</ETag><Size>${size}</Size>
      ${algorithm ? `<ChecksumAlgorithm>${algorithm}</ChecksumAlgorithm>` : ''}</Contents></ListBucketResult>`
    const { store } = await scripted(() => answer(200, {}, body), setting(taken))
    const { objects } = await store.list('bucket', { version: 2, limit: 10 })
    return objects[0]!.checksum
  }

  test.each(ALL)('for an object that came by one PUT: %s', async algorithm => {
    expect(await listed({ algorithm })).toEqual(whole(algorithm))
  })

  test('and none that nothing is known of', async () => {
    expect(await listed({})).toBeUndefined()
    expect(await listed({ algorithm: 'Evil' })).toBeUndefined()
  })

  test('and none that the store chose itself, for an object of parts', async () => {
    expect(await listed({ algorithm: 'CRC64NVME', etag: 'e-2' })).toBeUndefined()
  })

  test('and not CRC-32 where it may stand for none', async () => {
    expect(await listed({ algorithm: 'CRC32', size: ALWAYS_CHECKSUMMED })).toEqual(whole('CRC32'))
    expect(await listed({ algorithm: 'CRC32', size: ALWAYS_CHECKSUMMED + 1 })).toBeUndefined()
    expect(await listed({ algorithm: 'CRC32C', size: ALWAYS_CHECKSUMMED + 1 })).toEqual(whole('CRC32C'))
    expect(await listed({ algorithm: 'CRC32' }, ['CRC32', 'SHA256'])).toBeUndefined()
  })
})
