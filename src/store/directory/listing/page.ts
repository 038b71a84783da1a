import { keyText } from '../transactions/transaction.ts'
import type { Named, Step } from './walk.ts'

/** One page of a listing. */
export interface Page<R extends Named> {
  readonly rows: R[]
  readonly prefixes: string[]
  /** The page's last entry where more follow. A page of no entries is never truncated. */
  readonly last: Step<R> | undefined
}

/** Takes `limit` entries; common prefixes count like keys (Amazon S3 API Reference, ListObjectsV2, KeyCount). */
export function takePage<R extends Named>(steps: Iterable<Step<R>>, limit: number): Page<R> {
  const rows: R[] = []
  const prefixes: string[] = []
  let last: Step<R> | undefined
  if (limit <= 0) return { rows, prefixes, last }
  for (const step of steps) {
    if (rows.length + prefixes.length === limit) return { rows, prefixes, last }
    if ('row' in step) rows.push(step.row)
    else prefixes.push(keyText(step.prefix))
    last = step
  }
  return { rows, prefixes, last: undefined }
}

export function nameOfStep(step: Step<Named>): string {
  return keyText('row' in step ? step.row.key : step.prefix)
}
