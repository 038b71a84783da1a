import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import { get, pattern, put } from '../contract/bytes.ts'

/** Fills a small disk through a store, then frees some of it. Prints what happened as one line of JSON. */
const path = process.argv[2]!
const store = await openDirectoryStore({ path })
await store.createBucket('abc', {})

const written: string[] = []
let failure: { name: string; reason: string } | undefined
for (let i = 0; failure === undefined && i < 100_000; i++) {
  const at = { bucket: 'abc', key: `k${i}` }
  await put(store, at, pattern(i % 2 ? 300_000 : 3000, i)).then(
    () => written.push(at.key),
    ({ name, reason }) => {
      failure = { name, reason }
    },
  )
}
let readable = 0
for (const key of written) {
  const i = Number(key.slice(1))
  if ((await get(store, { bucket: 'abc', key })).equals(pattern(i % 2 ? 300_000 : 3000, i))) readable++
}
const listed = (await store.list('abc', { version: 2, limit: 1000 })).objects.length
for (const key of written.slice(0, 60)) await store.delete({ bucket: 'abc', key }, {}).catch(() => {})
await store.sweep()
const after = await put(store, { bucket: 'abc', key: 'after' }, pattern(300_000)).then(
  () => 'written',
  ({ reason }) => reason,
)
await store.close()
process.stdout.write(JSON.stringify({ failure, written: written.length, readable, listed, after }))
