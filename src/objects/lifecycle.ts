import { plaintextLength, storedLength } from '../seal/lengths.ts'
import type { LifecycleRule, LifecycleScope } from '../store/lifecycle.ts'
import type { Room } from './room.ts'

/** A bucket's lifecycle rules, their sizes in bytes of plaintext. */
export async function getLifecycle(room: Room, bucket: string): Promise<readonly LifecycleRule[]> {
  const rules = await room.store.getLifecycle(room.buckets.toStore(bucket))
  return rules.map(rule => withSizes(rule, size => plaintextLength(size) ?? size))
}

/** The length rule keeps the order of sizes, so a limit on the plaintext is a limit on what is stored. */
export async function putLifecycle(
  room: Room,
  bucket: string,
  rules: readonly LifecycleRule[],
): Promise<void> {
  await room.store.putLifecycle(
    room.buckets.toStore(bucket),
    rules.map(rule => withSizes(rule, storedLength)),
  )
}

function withSizes(rule: LifecycleRule, translate: (size: number) => number): LifecycleRule {
  const { largerThan, smallerThan, ...scope } = rule.scope
  const translated: LifecycleScope = {
    ...scope,
    ...(largerThan !== undefined && { largerThan: translate(largerThan) }),
    ...(smallerThan !== undefined && { smallerThan: translate(smallerThan) }),
  }
  return { ...rule, scope: translated }
}
