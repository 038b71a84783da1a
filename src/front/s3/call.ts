import type { ObjectName } from '../../objects/object.ts'
import type { Objects } from '../../objects/objects.ts'
import type { Body } from '../../wire/body.ts'
import type { Headers, Reply, Request } from '../../wire/exchange.ts'
import type { Action, Intent } from './access.ts'
import type { Authenticated } from './auth/authenticate.ts'
import type { CorsRules } from './cors.ts'
import type { S3ErrorCode } from './errors.ts'
import type { Query } from './forms/query.ts'
import type { XmlNode } from './xml/write.ts'

/** One request on its way through an operation: parsed, its sender known and allowed to ask for it. */
export interface Call {
  readonly request: Request
  readonly reply: Reply
  readonly requestId: string
  readonly query: Query
  /** The request's fields, and those that a presigned URL carries as parameters. */
  readonly headers: Headers
  readonly caller: Authenticated
  readonly objects: Objects
  readonly settings: FrontSettings
  readonly now: Date
  /** Where the request is a form. */
  readonly form?: FormCall
  /** Whether the sender's grants cover what an operation does beyond its own object, such as reading a copy's source. */
  may(intent: Intent): boolean
  /**
   * Makes this request one that failed, though its answer began as a success and goes on.
   * @returns the elements of the error document that the answer has to end with
   */
  failedLate(error: unknown): Promise<readonly XmlNode[]>
}

export interface BucketCall extends Call {
  readonly bucket: string
}

/** A form that was received as far as its file. */
export interface FormCall {
  readonly fields: ReadonlyMap<string, string>
  readonly filename: string
  readonly file: Body
}

export interface ObjectCall extends BucketCall {
  readonly key: string
}

export interface FrontSettings {
  readonly region: string
  /**
   * Announce `x-amz-server-side-encryption: aws:kms` with the group key's id. SDKs that would compare an ETag
   * with the MD5 of what they sent leave that out only when they see it (AWS SDK for Java before 2.x).
   */
  readonly announceEncryption: boolean
  /** Names, in lower case, under which `bucket.name` addresses a bucket. */
  readonly baseDomains: readonly string[]
  /** CORS rules of buckets. */
  readonly cors: CorsRules
  /** Milliseconds after which the answer to a slow request begins, before its outcome is known; 10 seconds. */
  readonly patience?: number
}

export type Sentences = Readonly<Partial<Record<S3ErrorCode, string>>>

/** Something S3 lets a client do: how it is recognised, what it needs, what it does. */
export type Operation =
  | (Recognised & { readonly on: 'service'; readonly run: (call: Call) => Promise<void> })
  | (Recognised & { readonly on: 'bucket'; readonly run: (call: BucketCall) => Promise<void> })
  | (Recognised & { readonly on: 'object'; readonly run: (call: ObjectCall) => Promise<void> })

interface Recognised {
  /** S3's name. */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Query parameters and field that must stand; of two operations the one that asks for more is meant. */
  readonly selector?: { readonly query?: readonly string[]; readonly header?: 'x-amz-copy-source' }
  /** Query parameters that may stand beside those. */
  readonly query?: readonly string[]
  /** The grant it needs; absent: any sender that is known. */
  readonly action?: Action | 'any'
  /** The parameter that narrows a listing to keys which a grant may cover. */
  readonly prefixParameter?: 'prefix'
  /** It touches objects that its address does not name, so nobody can watch it under an escort. */
  readonly touchesOthers?: true
  /** It carries its signature in the form that it posts, not in its fields or query. */
  readonly signedBy?: 'form'
  /** Its body is an object's data, which may come in chunks. */
  readonly takesData?: true
  /** What a code of the store means here, where S3 has a sentence of its own for it. */
  readonly sentences?: Sentences
}

/** The object that a request names, and the version of it. */
export const nameOf = (call: ObjectCall): ObjectName => {
  const versionId = call.query.get('versionId')
  return {
    tenant: call.caller.identity.tenant,
    bucket: call.bucket,
    key: call.key,
    ...(versionId !== undefined && versionId !== '' && { versionId }),
  }
}
