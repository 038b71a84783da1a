import type { Purpose } from '../keys/custodian.ts'
import type { Attributes, ObjectSetting, ReadConditions, WriteConditions } from '../store/store.ts'
import type { Body, Writer } from '../wire/body.ts'
import type { Checksum, ChecksumAlgorithm } from './checksum.ts'

export type { Purpose }

/** An object by the names the application uses. */
export interface ObjectName {
  readonly tenant: string
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
}

/**
 * What the application says about its object and gets back unchanged: `x-amz-meta-*`, content-type,
 * -encoding, -disposition, -language, cache-control, expires, x-amz-website-redirect-location, and the kind of
 * x-amz-server-side-encryption that it asked for.
 * Lower-case names; values are octets as latin1, exactly as they came.
 */
export type ObjectHeaders = readonly (readonly [name: string, value: string])[]

/** A plaintext body and what its end proved. */
export interface PlainBody extends Body {
  /** The checksum that the client announced by header or trailer, known before the first byte. */
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined
  /** The checksum the client sent (header or trailer), verified. Read after `readInto` resolved. */
  checksum(): Checksum | undefined
}

export interface PutObject {
  readonly headers: ObjectHeaders
  readonly settings: Readonly<Partial<Record<ObjectSetting, string>>>
  readonly conditions: WriteConditions
}

/** ETags are the client's form: the store's with `-t` behind it, without quotes. */
export interface PutAnswer {
  readonly etag: string
  readonly groupKeyId: string
  readonly attributes: Attributes
  readonly checksum?: Checksum
}

/** A range of the plaintext as the client asked for it. */
export type PlainRange = { readonly first: number; readonly last?: number } | { readonly suffix: number }

export interface GetObject {
  readonly range?: PlainRange
  /** `range` counts only if the object still has this ETag or is not newer (RFC 9110 13.1.5). */
  readonly ifRange?: string | Date
  readonly partNumber?: number
  readonly conditions: ReadConditions
  /** The client wants the checksum back (`x-amz-checksum-mode: ENABLED`). */
  readonly checksum: boolean
}

/** A part of a multipart object, in its place. */
export interface ObjectPart {
  /** As the client numbered it. */
  readonly number: number
  /** Plaintext bytes. */
  readonly size: number
  /** Its own checksum, of the object's algorithm. */
  readonly checksum?: Uint8Array
}

/** An object opened for reading: everything here was authenticated, but `etag`, `lastModified` and `attributes`. */
export interface OpenObject {
  /** Plaintext bytes of the whole object. */
  readonly size: number
  readonly headers: ObjectHeaders
  readonly etag: string
  readonly lastModified: Date
  readonly attributes: Attributes
  readonly groupKeyId: string
  readonly checksum?: Checksum
  /** The parts the client uploaded; absent where it was not multipart. */
  readonly parts?: readonly ObjectPart[]
  /** The bytes that `writeTo` will write; absent where the whole object was asked for. */
  readonly range?: { readonly first: number; readonly last: number }
}

export interface ReadableObject extends OpenObject {
  /**
   * Writes the plaintext, each segment only after its tag verified.
   * @throws ObjectError `DoesNotOpen` in the middle: the answer must then be cut
   */
  writeTo(writer: Writer): Promise<void>
  discard(): void
}
