import { unwritable } from '../objects/reencrypt.ts'
import type { Room } from '../objects/room.ts'
import { DoesNotOpen } from '../seal/errors.ts'
import { readStoredHeaders, type SealedHeaders } from '../seal/metadata.ts'
import { StoreError } from '../store/errors.ts'
import type { ListedVersion, Store, StoredHead } from '../store/store.ts'
import type { Job, Version } from './job.ts'
import { inParallel } from './parallel.ts'
import { patiently } from './patience.ts'

/** A version as a listing has it. */
export type Listed = Pick<Version, 'bucket' | 'key' | 'version' | 'latest' | 'etag' | 'length' | 'modified'>

/** Rows of a page of a listing. */
const PAGE = 1_000

/** All versions in a bucket, a page of the store's listing at a time. */
export async function* versionsIn(store: Store, bucket: string): AsyncGenerator<readonly Listed[]> {
  const versioned = (await store.getVersioning(bucket)) !== undefined
  yield* versioned ? pagesOfVersions(store, bucket) : pagesOfObjects(store, bucket)
}

async function* pagesOfObjects(store: Store, bucket: string): AsyncGenerator<readonly Listed[]> {
  for (let token: string | undefined; ; ) {
    const query = { version: 2 as const, limit: PAGE, ...(token !== undefined && { token }) }
    const page = await patiently(() => store.list(bucket, query))
    yield page.objects.map(object => listed(bucket, { ...object, versionId: '', latest: true }))
    if (!page.truncated) return
    token = page.next
  }
}

async function* pagesOfVersions(store: Store, bucket: string): AsyncGenerator<readonly Listed[]> {
  for (let from = {}; ; ) {
    const page = await patiently(() => store.listVersions(bucket, { limit: PAGE, ...from }))
    yield page.versions.map(version => listed(bucket, version))
    if (!page.truncated) return
    const { nextKey, nextVersion } = page
    from = {
      ...(nextKey !== undefined && { keyMarker: nextKey }),
      ...(nextVersion !== undefined && { versionMarker: nextVersion }),
    }
  }
}

const listed = (
  bucket: string,
  { key, versionId, latest, etag, length, lastModified }: ListedVersion,
): Listed => ({
  bucket,
  key,
  version: versionId,
  latest: latest ? 1 : 0,
  etag,
  length,
  modified: lastModified.getTime(),
})

/**
 * Lists the buckets, looks by a HEAD at every version that the job does not know yet, and notes what stands in
 * its envelope: which group key wrapped its DEK, and which DEK that is. No key is needed for that.
 *
 * @param keyId 16 bytes
 * @param onLooked hears how many versions were looked at
 */
export async function survey(
  room: Room,
  buckets: readonly string[],
  keyId: Uint8Array,
  job: Job,
  parallel: number,
  onLooked: (versions: number) => void,
): Promise<void> {
  for (const bucket of buckets) {
    for await (const page of versionsIn(room.store, room.buckets.toStore(bucket))) {
      const named = page.map(one => ({ ...one, bucket }))
      const found: Omit<Version, 'next'>[] = []
      await inParallel(await job.unknown(named), parallel, async one => {
        const version = await look(room, one, keyId)
        if (version) found.push(version)
        onLooked(1)
      })
      await job.note(found)
    }
  }
}

async function look(room: Room, one: Listed, keyId: Uint8Array): Promise<Omit<Version, 'next'> | undefined> {
  const { bucket, key, version } = one
  const at = { bucket: room.buckets.toStore(bucket), key, ...(version !== '' && { versionId: version }) }
  const head = await patiently(() => room.store.head(at, {})).catch(error => {
    // Deleted since it was listed.
    if (error instanceof StoreError && error.status === 404) return undefined
    throw error
  })
  if (head === undefined) return undefined
  const envelope = sealedHeaders(head)?.envelope
  return {
    ...one,
    etag: head.etag,
    length: head.length,
    commitment: envelope?.commitment ?? null,
    named: envelope !== undefined && Buffer.compare(envelope.groupKeyId, keyId) === 0 ? 1 : 0,
    left: one.latest ? (unwritable(head.attributes, room.now()) ?? null) : 'older',
  }
}

/** Undefined for what the proxy did not seal, or somebody spoilt: it is under no key. */
export function sealedHeaders(head: StoredHead): SealedHeaders | undefined {
  try {
    return readStoredHeaders(head)
  } catch (error) {
    if (error instanceof DoesNotOpen) return undefined
    throw error
  }
}
