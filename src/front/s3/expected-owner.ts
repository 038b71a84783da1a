import type { Authenticated } from './auth/authenticate.ts'
import { S3Error } from './errors.ts'

/**
 * Checks who a client thinks the bucket belongs to. Buckets belong to tenants here; to their senders they show
 * themselves as the owner.
 * @throws S3Error AccessDenied
 */
export function checkOwner(expected: string | undefined, { identity, accessKeyId }: Authenticated): void {
  if (expected !== undefined && expected !== identity.tenant && expected !== accessKeyId)
    throw new S3Error('AccessDenied')
}
