import { expect, test } from 'vitest'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import type { ChecksumKind } from '../../../src/store/store.ts'
import { PLAIN, pattern, put } from '../contract/bytes.ts'
import { temporaryFolder } from './temporary.ts'

const WHOLE = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' } as const
const OF_PARTS = { algorithm: 'SHA256', type: 'COMPOSITE' } as const

test('every listing tells the kind of checksum that an object was written with, also in parts and as a copy', async () => {
  const store = await openDirectoryStore({ path: await temporaryFolder() })
  await store.createBucket('kinds', {})
  const at = (key: string) => ({ bucket: 'kinds', key })
  const upload = async (key: string, checksum: ChecksumKind) => {
    const id = await store.createUpload(at(key), { ...PLAIN, checksum })
    const part = await store.putPart(at(key), id, 1, 3)
    await part.write([pattern(3)])
    const { etag } = await part.finish()
    await store.completeUpload(at(key), id, [{ number: 1, etag }], {})
  }
  await put(store, at('none'), pattern(3))
  await put(store, at('one put'), pattern(3), {}, { ...PLAIN, checksum: WHOLE })
  await upload('parts', OF_PARTS)
  await store.copy(at('parts'), at('copy'), { ...PLAIN, checksum: OF_PARTS }, {})

  const { objects } = await store.list('kinds', { version: 2, limit: 10 })
  const { versions } = await store.listVersions('kinds', { limit: 10 })
  for (const listed of [objects, versions])
    expect(listed.map(({ key, checksum }) => [key, checksum])).toEqual([
      ['copy', OF_PARTS],
      ['none', undefined],
      ['one put', WHOLE],
      ['parts', OF_PARTS],
    ])
  await store.close()
})
