import { ObjectError } from '../objects/errors.ts'
import { storeETag } from '../objects/etag.ts'
import { reencryptObject } from '../objects/reencrypt.ts'
import type { Room } from '../objects/room.ts'
import { StoreError } from '../store/errors.ts'
import type { Job, Left, Version } from './job.ts'
import { inParallel } from './parallel.ts'
import { patiently } from './patience.ts'
import { sealedHeaders } from './survey.ts'

/**
 * Writes anew whatever the job knows to be due, so many objects at a time. Whoever writes or deletes an object
 * meanwhile wins.
 *
 * @param onDone hears of each version and its stored bytes, however it went
 * @throws StoreUnavailable, NoLease when store or custodian stay away: run the job again later
 */
export async function rewriteDue(
  room: Room,
  tenant: string,
  job: Job,
  parallel: number,
  onDone: (bytes: number) => void,
): Promise<void> {
  await inParallel(job.reach('due'), parallel, async version => {
    await rewrite(room, tenant, job, version)
    onDone(version.length)
  })
}

async function rewrite(room: Room, tenant: string, job: Job, old: Version): Promise<void> {
  const { bucket, key, version, etag } = old
  const name = { tenant, bucket, key, ...(version !== '' && { versionId: version }) }
  let next = new Uint8Array()
  try {
    const answer = await patiently(() =>
      reencryptObject(room, name, etag, async commitment => {
        next = new Uint8Array(commitment)
        // Without versions there is nothing to clear up after a kill: a later look finds the new object.
        if (version !== '') await job.begin(old, next)
      }),
    )
    const written = { version: answer.attributes['x-amz-version-id'] ?? '', etag: storeETag(answer.etag)! }
    await replaced(room, job, old, { ...written, commitment: next })
  } catch (error) {
    if (isGone(error)) return await job.forget(old)
    const left = whyLeft(error)
    if (left === undefined) throw error
    await job.leave(old, left)
  }
}

/** The object stands under its new DEK; the version before it goes. */
async function replaced(
  room: Room,
  job: Job,
  old: Version,
  by: Pick<Version, 'version' | 'etag' | 'commitment'>,
): Promise<void> {
  const { bucket, key, version } = old
  if (version !== '' && version !== by.version)
    await patiently(() =>
      room.store.delete({ bucket: room.buckets.toStore(bucket), key, versionId: version }, {}),
    )
  await job.end(old, by)
}

/** Ends what a killed run had begun, before anything is looked at again. */
export async function settleBegun(room: Room, job: Job): Promise<void> {
  for (const version of await job.begun()) await settle(room, job, version)
}

/** Where the new version is there, the old one goes. */
async function settle(room: Room, job: Job, old: Version): Promise<void> {
  const at = { bucket: room.buckets.toStore(old.bucket), key: old.key }
  const head = await patiently(() => room.store.head(at, {})).catch(error => {
    if (isGone(error)) return undefined
    throw error
  })
  const commitment = head && sealedHeaders(head)?.envelope.commitment
  if (!commitment || Buffer.compare(commitment, old.next!) !== 0) return await job.forget(old)
  const version = head.attributes['x-amz-version-id'] ?? ''
  await replaced(room, job, old, { version, etag: head.etag, commitment })
}

/** Written, or deleted, by somebody else since it was looked at. */
function isGone(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false
  return (
    error.status === 404 || error.code === 'PreconditionFailed' || error.code === 'ConditionalRequestConflict'
  )
}

function whyLeft(error: unknown): Left | undefined {
  if (error instanceof ObjectError && (error.code === 'DoesNotOpen' || error.code === 'NotSealed'))
    return 'does-not-open'
  if (error instanceof ObjectError) return 'refused'
  if (!(error instanceof StoreError) || error.code === 'NotImplemented') return undefined
  return error.code === 'InvalidObjectState' ? 'archived' : 'refused'
}
