import { StoreError } from '../../store/errors.ts'
import type { Headers } from '../../wire/exchange.ts'
import { S3Error } from './errors.ts'
import { asksForLock } from './forms/lock.ts'

/** A write that asked for a lock and that the store calls invalid: the bucket has no object lock. */
export const lockRefused =
  (headers: Headers) =>
  (error: unknown): never => {
    if (error instanceof StoreError && error.code === 'InvalidRequest' && asksForLock(headers))
      throw new S3Error('InvalidRequest', 'Bucket is missing ObjectLockConfiguration')
    throw error
  }
