import { describe, expect, test } from 'vitest'
import { openFixture, upload } from './fixture.ts'
import { part } from './part.ts'

describe('uploads', () => {
  test('an upload is found by another process as it was created', async () => {
    const { registry, another } = await openFixture()
    const created = upload('u1', { checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' } })
    await registry.uploads.create(created)
    const found = await (await another()).uploads.find('u1')
    expect(found).toEqual({
      ...created,
      envelope: new Uint8Array(created.envelope),
      created: expect.any(Date),
    })
  })

  test('a store that gives one id to two uploads does not replace the first', async () => {
    const { registry } = await openFixture()
    await registry.uploads.create(upload('u1', { key: 'first' }))
    await expect(registry.uploads.create(upload('u1', { key: 'second' }))).rejects.toMatchObject({
      code: 'Duplicate',
    })
    expect((await registry.uploads.find('u1'))?.key).toBe('first')
  })

  test('only one of two requests completes an upload, and its answer is kept', async () => {
    const { registry, another } = await openFixture()
    await registry.uploads.create(upload('u1'))
    const result = {
      etag: 'abc-2',
      attributes: { 'x-amz-version-id': 'v1' },
      checksum: { algorithm: 'CRC32', type: 'COMPOSITE', value: Buffer.from([1, 2, 3, 4]) },
      request: 'parts 1 and 2',
    }
    const other = (await another()).uploads
    const won = [
      await registry.uploads.complete('u1', result),
      await other.complete('u1', { ...result, etag: 'other' }),
    ]
    expect(won).toEqual([true, false])
    expect((await other.find('u1'))?.result).toEqual(result)
  })

  test('completing and removing drop the parts with what they hold', async () => {
    const { registry } = await openFixture()
    for (const id of ['done', 'gone']) {
      await registry.uploads.create(upload(id))
      await registry.parts.record(part(id, 1), Buffer.from('held'))
    }
    await registry.uploads.complete('done', { etag: 'e', attributes: {} })
    await registry.uploads.remove('gone')
    expect(await registry.parts.all('done')).toEqual([])
    expect(await registry.parts.all('gone')).toEqual([])
    expect(await registry.uploads.find('gone')).toBeUndefined()
  })

  test('sweeping forgets completed uploads and shows open ones, by age', async () => {
    const { registry } = await openFixture()
    await registry.uploads.create(upload('open'))
    await registry.uploads.create(upload('completed'))
    await registry.uploads.complete('completed', { etag: 'e', attributes: {} })
    const later = new Date(Date.now() + 1000)
    const earlier = new Date(Date.now() - 60_000)
    expect(await registry.uploads.sweepCompleted(earlier)).toBe(0)
    expect(await registry.uploads.openSince(earlier, 10)).toEqual([])
    expect((await registry.uploads.openSince(later, 10)).map(({ id }) => id)).toEqual(['open'])
    expect(await registry.uploads.sweepCompleted(later)).toBe(1)
    expect(await registry.uploads.find('completed')).toBeUndefined()
  })
})
