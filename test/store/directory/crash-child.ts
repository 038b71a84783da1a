import { writeSync } from 'node:fs'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import { PLAIN, pattern, put, putPart } from '../contract/bytes.ts'
import type { Said, Value } from './crash-log.ts'

/**
 * Writes to a store until it is killed: several lanes at once, each with keys of its own, one operation after the
 * other. Before an operation it says what the key will hold, after the answer that it holds it.
 */
const [path, family, seed] = process.argv.slice(2) as [string, string, string]
const LANES = 6

const store = await openDirectoryStore({ path, family })
for (const bucket of ['plain', 'versioned'])
  await store.createBucket(bucket, {}).catch(error => {
    if (error.code !== 'BucketAlreadyOwnedByYou') throw error
  })
await store.putVersioning('versioned', 'Enabled')
say({ ready: true })

let drawn = Number(seed)
/** A small generator of its own, so that a seed names a run. */
function draw(below: number): number {
  drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0
  return drawn % below
}

function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`)
}

async function lane(number: number): Promise<never> {
  const held = new Map<string, Value>()
  for (;;) {
    const key = `${number}/${draw(3)}`
    const at = { bucket: 'plain', key }
    const value = { length: draw(4) === 0 ? draw(900_000) : draw(9000), seed: draw(1 << 30) }
    const operation = draw(10)
    const source = [...held.keys()][draw(held.size || 1)]
    if (operation === 0) {
      say({ key, will: null })
      await store.delete(at, {})
      held.delete(key)
    } else if (operation === 1 && source !== undefined) {
      say({ key, will: held.get(source)! })
      await store.copy({ bucket: 'plain', key: source }, at, PLAIN, {})
      held.set(key, held.get(source)!)
    } else if (operation < 4) {
      const uploadId = await store.createUpload(at, PLAIN)
      const part = await putPart(store, at, uploadId, 1 + draw(3), pattern(value.length, value.seed))
      say({ key, will: value })
      await store.completeUpload(at, uploadId, [part], {})
      held.set(key, value)
    } else if (operation < 6) {
      const written = await put(store, { bucket: 'versioned', key }, pattern(value.length, value.seed))
      say({ key, version: written.attributes['x-amz-version-id']!, is: value })
      continue
    } else {
      say({ key, will: value })
      await put(store, at, pattern(value.length, value.seed))
      held.set(key, value)
    }
    say({ key, done: true })
  }
}

await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
