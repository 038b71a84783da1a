import type { LifecycleRule } from '../../lifecycle.ts'
import { readTags } from '../transactions/tags.ts'
import { keyText } from '../transactions/transaction.ts'
import type { VersionRow } from '../transactions/versions.ts'

/** When rules end objects: Amazon S3 User Guide, "Lifecycle configuration elements" and "Lifecycle and versioning". */

const DAY = 86_400_000

export type Ageing = Pick<VersionRow, 'key' | 'marker' | 'modified' | 'length' | 'tags'>

/** Rules as the index holds them. */
export function readRules(text: string): LifecycleRule[] {
  return JSON.parse(text, (name, value) => (name === 'date' ? new Date(value) : value)) as LifecycleRule[]
}

/** The first time at which a rule ends a current object, and that rule. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  object: Ageing,
): { time: number; rule: LifecycleRule } | undefined {
  let first: { time: number; rule: LifecycleRule } | undefined
  for (const rule of rules) {
    const { expiration } = rule
    if (!expiration || 'expiredDeleteMarkers' in expiration || !concerns(rule, object)) continue
    const time =
      'days' in expiration ? midnightAfter(object.modified, expiration.days) : expiration.date.getTime()
    if (first === undefined || time < first.time) first = { time, rule }
  }
  return first
}

/** Whether a delete marker with no version behind it has had its time. Rules by days end it as they end objects. */
export function endsMarker(rules: readonly LifecycleRule[], marker: Ageing, now: number): boolean {
  return rules.some(rule => {
    const { expiration } = rule
    if (!expiration || !concerns(rule, marker)) return false
    if ('expiredDeleteMarkers' in expiration) return expiration.expiredDeleteMarkers
    return 'days' in expiration && midnightAfter(marker.modified, expiration.days) <= now
  })
}

/**
 * Whether a noncurrent version has had its time.
 * @param since when the version that took its place was made
 * @param newer how many noncurrent versions of the key are newer
 */
export function endsNoncurrent(
  rules: readonly LifecycleRule[],
  version: Ageing,
  since: number,
  newer: number,
  now: number,
): boolean {
  return rules.some(rule => {
    const { noncurrentExpiration: ends } = rule
    return (
      ends !== undefined &&
      newer >= (ends.keep ?? 0) &&
      midnightAfter(since, ends.days) <= now &&
      concerns(rule, version)
    )
  })
}

/** Whether an upload that was begun and not completed has had its time. */
export function endsUpload(
  rules: readonly LifecycleRule[],
  upload: { key: Uint8Array; initiated: number },
  now: number,
): boolean {
  return rules.some(
    ({ enabled, scope, abortUploadsAfterDays: days }) =>
      enabled &&
      days !== undefined &&
      keyText(upload.key).startsWith(scope.prefix ?? '') &&
      midnightAfter(upload.initiated, days) <= now,
  )
}

/** A delete marker has neither tags nor size, so that rules which ask for them do not concern it. */
function concerns({ enabled, scope }: LifecycleRule, object: Ageing): boolean {
  const { prefix = '', tags = [], largerThan, smallerThan } = scope
  if (!enabled || !keyText(object.key).startsWith(prefix)) return false
  if (object.marker) return tags.length === 0 && largerThan === undefined && smallerThan === undefined
  if (largerThan !== undefined && object.length <= largerThan) return false
  if (smallerThan !== undefined && object.length >= smallerThan) return false
  if (tags.length === 0) return true
  const own = new Map(readTags(object.tags).map(({ key, value }) => [key, value]))
  return tags.every(({ key, value }) => own.get(key) === value)
}

/** So many days later, rounded up to the next midnight UTC. */
function midnightAfter(time: number, days: number): number {
  return Math.ceil((time + days * DAY) / DAY) * DAY
}
