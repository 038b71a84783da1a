import type { Expiration, LifecycleRule } from '../../lifecycle.ts'
import { refuse } from '../refusals.ts'

const DAY = 86_400_000
const RULES = 1000
const ID_LENGTH = 255

/**
 * Checks a configuration as S3 does, and names rules that came without an id.
 * @throws StoreError `MalformedXML`, `InvalidArgument`, `InvalidRequest`; `NotImplemented` for transitions: the
 *   store has one class to keep objects in
 */
export function checkRules(rules: readonly LifecycleRule[]): LifecycleRule[] {
  if (rules.length === 0 || rules.length > RULES) throw refuse('MalformedXML')
  const named = rules.map((rule, i) => ({ ...rule, id: rule.id || `rule-${i + 1}` }))
  for (const rule of named) checkRule(rule)
  if (new Set(named.map(({ id }) => id)).size !== named.length) throw refuse('InvalidArgument')
  return named
}

function checkRule(rule: LifecycleRule & { id: string }): void {
  const { id, scope, expiration, noncurrentExpiration, abortUploadsAfterDays } = rule
  if (rule.transitions?.length || rule.noncurrentTransitions?.length) throw refuse('NotImplemented')
  if (id.length > ID_LENGTH) throw refuse('InvalidArgument')
  if (!expiration && !noncurrentExpiration && abortUploadsAfterDays === undefined)
    throw refuse('InvalidRequest')
  if (expiration) checkExpiration(expiration)
  if (noncurrentExpiration) {
    const { days, keep } = noncurrentExpiration
    if (!isCount(days) || (keep !== undefined && !(isCount(keep) && keep <= 100)))
      throw refuse('InvalidArgument')
  }
  if (abortUploadsAfterDays !== undefined && !isCount(abortUploadsAfterDays)) throw refuse('InvalidArgument')
  // Uploads and delete markers have neither tags nor a size.
  const narrow = scope.tags?.length || scope.largerThan !== undefined || scope.smallerThan !== undefined
  const endsMarkers = expiration && 'expiredDeleteMarkers' in expiration
  if (narrow && (endsMarkers || abortUploadsAfterDays !== undefined)) throw refuse('InvalidRequest')
}

function checkExpiration(expiration: Expiration): void {
  if ('days' in expiration && !isCount(expiration.days)) throw refuse('InvalidArgument')
  if ('date' in expiration && !(expiration.date.getTime() % DAY === 0)) throw refuse('InvalidArgument')
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number > 0
}
