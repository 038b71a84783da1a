import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFixture, upload } from './fixture.ts'
import { part } from './part.ts'

describe('parts', () => {
  test('two attempts at one part stand side by side, and the later one is listed', async () => {
    const { registry, another } = await openFixture()
    await registry.uploads.create(upload('u1'))
    const first = part('u1', 7)
    const second = part('u1', 7, { plainLength: 6_000_000 })
    await registry.parts.record(first)
    await (await another()).parts.record(second)

    expect((await registry.parts.latest('u1', 0, 10)).map(({ etag }) => etag)).toEqual([second.etag])
    expect((await registry.parts.find('u1', 7, first.etag))?.salt).toEqual(new Uint8Array(first.salt))
    expect((await registry.parts.all('u1')).map(({ etag }) => etag)).toEqual([first.etag, second.etag])
  })

  test('an attempt with the ETag of an earlier one is refused, and the earlier one stays', async () => {
    const { registry } = await openFixture()
    await registry.uploads.create(upload('u1'))
    const first = part('u1', 1, { etag: 'same' })
    await registry.parts.record(first)
    await expect(registry.parts.record(part('u1', 1, { etag: 'same' }))).rejects.toMatchObject({
      code: 'Duplicate',
    })
    expect((await registry.parts.find('u1', 1, 'same'))?.salt).toEqual(new Uint8Array(first.salt))
  })

  test('listing pages by number through parts sent in any order', async () => {
    const { registry } = await openFixture()
    await registry.uploads.create(upload('u1'))
    for (const number of [10000, 3, 1, 2, 3]) await registry.parts.record(part('u1', number))
    const numbers = async (after: number, limit: number) =>
      (await registry.parts.latest('u1', after, limit)).map(({ number }) => number)
    expect(await numbers(0, 2)).toEqual([1, 2])
    expect(await numbers(2, 2)).toEqual([3, 10000])
    expect(await numbers(10000, 2)).toEqual([])
  })

  test('a part of an upload that is completed, aborted or unknown is refused', async () => {
    const { registry } = await openFixture()
    for (const id of ['completed', 'aborted']) await registry.uploads.create(upload(id))
    await registry.uploads.complete('completed', { etag: 'e', attributes: {} })
    await registry.uploads.remove('aborted')
    for (const id of ['completed', 'aborted', 'unknown'])
      await expect(registry.parts.record(part(id, 1))).rejects.toMatchObject({ code: 'NoSuchUpload' })
  })

  test('held ciphertext comes back, and counts against the upload and the tenant', async () => {
    const { registry } = await openFixture({ perUpload: 100, perTenant: 150 })
    for (const id of ['u1', 'u2']) await registry.uploads.create(upload(id))
    await registry.uploads.create(upload('other', { tenant: 'other' }))
    const held = randomBytes(60)
    const sequence = await registry.parts.record(part('u1', 1), held)
    expect(await registry.parts.held(sequence)).toEqual(new Uint8Array(held))

    await expect(registry.parts.record(part('u1', 2), randomBytes(41))).rejects.toMatchObject({
      code: 'UploadHoldsTooMuch',
    })
    await registry.parts.record(part('u1', 2), randomBytes(40))
    await expect(registry.parts.record(part('u2', 1), randomBytes(51))).rejects.toMatchObject({
      code: 'TenantHoldsTooMuch',
    })
    await registry.parts.record(part('other', 1), randomBytes(51))
    await registry.uploads.remove('u1')
    await registry.parts.record(part('u2', 1), randomBytes(51))
    expect((await registry.parts.all('u2')).map(({ heldLength }) => heldLength)).toEqual([51])
  })

  test('no plaintext digest stands in the files', async () => {
    const { registry, folder } = await openFixture()
    await registry.uploads.create(upload('u1'))
    const md5 = randomBytes(16)
    const checksum = { algorithm: 'SHA256', value: randomBytes(32) }
    await registry.parts.record(part('u1', 1, { md5, checksum }))
    await registry.uploads.complete('u1', {
      etag: 'e',
      attributes: {},
      checksum: { ...checksum, type: 'COMPOSITE' },
    })

    const files = Buffer.concat(readdirSync(folder).map(name => readFileSync(join(folder, name))))
    expect(files.includes('acme-photos')).toBe(true)
    for (const digest of [md5, checksum.value])
      for (const form of [digest, digest.toString('hex'), digest.toString('base64').slice(0, 16)])
        expect(files.includes(form)).toBe(false)
  })

  test('digests come back as they were recorded', async () => {
    const { registry } = await openFixture()
    await registry.uploads.create(upload('u1'))
    const md5 = randomBytes(16)
    const checksum = { algorithm: 'SHA256', value: randomBytes(32) }
    await registry.parts.record(part('u1', 1, { etag: 'e', md5, checksum }))
    expect(await registry.parts.find('u1', 1, 'e')).toMatchObject({ md5, checksum })
  })

  test('processes that record parts at the same time lose none', async () => {
    const { registry, file, key } = await openFixture()
    await registry.uploads.create(upload('u1'))
    const script = join(import.meta.dirname, 'record-parts.ts')
    const numbers = [1, 101, 201]
    const exits = numbers.map(first =>
      once(
        fork(script, [file, 'u1', String(first), '40'], { env: { KEY: Buffer.from(key).toString('hex') } }),
        'exit',
      ),
    )
    expect(await Promise.all(exits)).toEqual(numbers.map(() => [0, null]))
    const recorded = await registry.parts.all('u1')
    expect(recorded.map(({ number }) => number)).toEqual(
      numbers.flatMap(first => Array.from({ length: 40 }, (_, i) => first + i)),
    )
    expect(new Set(recorded.map(({ sequence }) => sequence)).size).toBe(120)
  })
})
