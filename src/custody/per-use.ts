import type { Purpose } from '../keys/custodian.ts'
import type { PerUseRule, TenantRecord } from './people.ts'

/** A bucket's rule; undefined where its keys are leased. */
export function perUseRule({ perUse }: TenantRecord, bucket: string): PerUseRule | undefined {
  const found = perUse.find(one => (typeof one === 'string' ? one : one.bucket) === bucket)
  return typeof found === 'string' ? { bucket } : found
}

/** @returns what the rule does not allow; undefined where it allows all of it */
export function unfit(
  { callers, actions, reasons }: PerUseRule,
  { caller, action, reason }: Purpose,
): 'caller' | 'action' | 'reason' | undefined {
  if (callers && !(caller !== undefined && callers.includes(caller))) return 'caller'
  if (actions && !actions.includes(action)) return 'action'
  if (reasons && !(reason !== undefined && reasons.includes(reason))) return 'reason'
  return undefined
}
