import { refuse } from './refusals.ts'

/** The version that a bucket has without versioning, by S3's name for it. */
export const NULL_VERSION = 'null'

/** The name of a version or upload: its id as 16 hexadecimal digits, so that names sort as the ids do. */
export function nameOfId(id: number): string {
  return id.toString(16).padStart(16, '0')
}

/** Whether a text is a name that `nameOfId` may have made. */
export function isName(text: string): boolean {
  return /^000[0-9a-f]{13}$/.test(text)
}

/**
 * Whether another store may have named a version so: S3 and Ceph by 32 characters, minio by a UUID, versitygw by a
 * ULID. Applications keep such names when their objects move; here they name what is not there.
 */
export function mayBeForeign(text: string): boolean {
  return /^[0-9A-Za-z._-]{26,64}$/.test(text)
}

/** The id behind a name that clients show. @throws StoreError `InvalidArgument` where no id has that name */
export function idOfName(name: string): number {
  if (!isName(name)) throw refuse('InvalidArgument')
  return Number.parseInt(name, 16)
}
