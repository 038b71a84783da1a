import { NoLease } from '../keys/custodian.ts'
import { Objects } from '../objects/objects.ts'
import type { Room } from '../objects/room.ts'
import { Job, type Version } from '../reencryption/job.ts'
import { CannotStart } from './cannot-start.ts'
import type { KeyUseFlags } from './key-use-flags.ts'

/** What `where-used` and `reencrypt` share: which key, whose, and what is said of its objects. */

/** Where a group key belongs. */
export interface KeyPlace {
  readonly bucket: string
  readonly epoch: string
}

/** The buckets that were named, or all at the store. */
export async function bucketsOf(room: Room, { buckets }: KeyUseFlags): Promise<readonly string[]> {
  return buckets ?? (await new Objects(room).listBuckets()).map(({ name }) => name)
}

/**
 * Finds out which bucket a key is of, by asking the custodian for it under each.
 *
 * @returns undefined where the custodian leases no such key for any of them
 * @throws NoLease where the custodian is away or sealed
 */
export async function placeOf(
  room: Room,
  tenant: string,
  buckets: readonly string[],
  id: Uint8Array,
): Promise<KeyPlace | undefined> {
  const answers = await Promise.allSettled(buckets.map(bucket => room.keys.byId(tenant, bucket, id)))
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') return { bucket: buckets[index]!, epoch: answer.value.epoch }
    const { reason } = answer
    const isNo = reason instanceof NoLease && (reason.reason === 'unknown-key' || reason.reason === 'refused')
    if (!isNo) throw reason
  }
  return undefined
}

/** @throws CannotStart where another process works on the same key */
export async function openJob(file: string): Promise<Job> {
  try {
    return await Job.open(file)
  } catch (error) {
    if (error instanceof Error && /locked/.test(error.message))
      throw new CannotStart('Another treuhand is at work on this key. Let it end, or stop it.', 7)
    throw error
  }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A version as reports name it. */
export function urlOf({ bucket, key, version }: Pick<Version, 'bucket' | 'key' | 'version'>): string {
  return `s3://${bucket}/${key}${version === '' ? '' : ` (version ${version})`}`
}

/** `1 object`, `2 objects`, with their bytes. */
export function amount({ versions, bytes }: { readonly versions: number; readonly bytes: number }): string {
  return `${versions.toLocaleString('en')} object${versions === 1 ? '' : 's'} (${size(bytes)})`
}

function size(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
