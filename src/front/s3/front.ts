import { randomBytes } from 'node:crypto'
import type { Objects } from '../../objects/objects.ts'
import { StoreError } from '../../store/errors.ts'
import { RequestRefused } from '../../wire/errors.ts'
import type { Fields, Handler, Headers, Reply, Request } from '../../wire/exchange.ts'
import { type AccessKeys, type Identity, type Intent, isAllowed } from './access.ts'
import { errorNodes, requestFields } from './answer.ts'
import { type Authenticated, type Authority, authenticate } from './auth/authenticate.ts'
import { SigningKeys } from './auth/signature.ts'
import type { Call, FrontSettings, Operation } from './call.ts'
import { S3Error } from './errors.ts'
import { checkOwner } from './expected-owner.ts'
import { asS3Error } from './failure.ts'
import { withHoisted } from './forms/hoisted.ts'
import { type Place, readPlace } from './forms/place.ts'
import { type Query, readQuery } from './forms/query.ts'
import { OPERATIONS } from './operations/all.ts'
import { route } from './router.ts'
import { xmlDocument } from './xml/write.ts'

export interface S3FrontOptions extends FrontSettings {
  /** The objects room as this sender sees it: with the store credential that its access key names. */
  readonly objectsFor: (identity: Identity) => Objects
  readonly accessKeys: AccessKeys
  /** Who a request without a signature is; absent: nobody. */
  readonly anonymous?: Identity
  /** Told of each request when it has been answered, and of defects. */
  readonly log: (event: FrontEvent) => void
  readonly now?: () => Date
}

export type FrontEvent =
  | {
      readonly event: 'request'
      readonly requestId: string
      readonly peer: string
      readonly method: string
      readonly operation?: string
      readonly accessKeyId?: string
      readonly bucket?: string
      readonly key?: string
      /** The error's code; absent where the request succeeded. */
      readonly code?: string
      readonly milliseconds: number
    }
  | { readonly event: 'defect'; readonly requestId: string; readonly error: unknown }

/** A whole small answer, in the wire's words. */
export interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array
}

export interface S3Front {
  readonly handler: Handler
  /** What a client hears whose request was no HTTP, or broke off. */
  readonly refuse: (why: unknown) => Answer
}

/** The S3 protocol over sealed objects. */
export function s3Front(options: S3FrontOptions): S3Front {
  const authority: Authority = {
    accessKeys: options.accessKeys,
    signingKeys: new SigningKeys(),
    region: options.region,
    ...(options.anonymous && { anonymous: options.anonymous }),
  }
  return {
    handler: (request, reply) => new Exchange(request, reply, options, authority).answer(),
    refuse: why => errorAnswer(refusal(why), requestId(), undefined),
  }
}

/** One request from its first look to its answer. */
class Exchange {
  readonly #request: Request
  readonly #reply: Reply
  readonly #options: S3FrontOptions
  readonly #authority: Authority
  readonly #id = requestId()
  readonly #began = performance.now()
  #place: Place | undefined
  #operation: Operation | undefined
  #caller: Authenticated | undefined
  /** Set once the sender is known and allowed. */
  #objects: Objects | undefined

  constructor(request: Request, reply: Reply, options: S3FrontOptions, authority: Authority) {
    this.#request = request
    this.#reply = reply
    this.#options = options
    this.#authority = authority
  }

  async answer(): Promise<void> {
    try {
      await this.#serve()
      this.#log(undefined)
    } catch (error) {
      await this.#fail(error)
    }
  }

  async #serve(): Promise<void> {
    const request = this.#request
    checkFieldSize(request.headers)
    const now = this.#options.now?.() ?? new Date()
    const mark = request.target.indexOf('?')
    const path = mark < 0 ? request.target : request.target.slice(0, mark)
    const query = readQuery(mark < 0 ? '' : request.target.slice(mark + 1))
    const place = readPlace(request.headers.get('host') ?? '', path, this.#options.baseDomains)
    this.#place = place
    const { method } = request
    const headers = withHoisted(request.headers, query)
    const operation = route(OPERATIONS, method, place, query, headers)
    this.#operation = operation
    const signed = { method, path, query, headers: request.headers }
    const caller = await authenticate(signed, this.#authority, now)
    this.#caller = caller
    checkOwner(headers.get('x-amz-expected-bucket-owner'), caller)
    await this.#perform(operation, place, caller, query, headers, now)
  }

  async #perform(
    operation: Operation,
    place: Place,
    caller: Authenticated,
    query: Query,
    headers: Headers,
    now: Date,
  ): Promise<void> {
    const request = this.#request
    if (!operation.takesData && caller.payload.kind === 'chunked')
      throw new S3Error('InvalidRequest', 'The value of x-amz-content-sha256 header is invalid.')
    const { identity } = caller
    const may = (intent: Intent) => isAllowed(identity, intent, request.remoteAddress, now)
    const { action } = operation
    if (
      action &&
      place.kind !== 'service' &&
      !may({ action, bucket: place.bucket, ...keyOf(operation, place, query) })
    )
      throw new S3Error('AccessDenied')
    const objects = this.#options.objectsFor(identity)
    this.#objects = objects
    const call: Call = {
      request,
      reply: this.#reply,
      requestId: this.#id,
      query,
      headers,
      caller,
      objects,
      settings: this.#options,
      now,
      may,
    }
    if (operation.on === 'service') await operation.run(call)
    else if (operation.on === 'bucket' && place.kind === 'bucket') await operation.run({ ...call, ...place })
    else if (operation.on === 'object' && place.kind === 'object') await operation.run({ ...call, ...place })
  }

  async #fail(error: unknown): Promise<void> {
    const known = await this.#bucketFirst(asS3Error(error, this.#operation?.sentences))
    if (!known) this.#options.log({ event: 'defect', requestId: this.#id, error })
    const failure = known ?? new S3Error('InternalError')
    this.#log(failure.code)
    // What has begun cannot become an error any more: the wire cuts it.
    if (this.#reply.started) throw error
    const { status, fields, body } = errorAnswer(failure, this.#id, this.#request.target)
    const bodiless = this.#request.method === 'HEAD' || status === 304
    await (bodiless
      ? this.#reply.send(status, fields, NOTHING, status === 304 ? 0 : body.length)
      : this.#reply.send(status, fields, body))
  }

  /** Where the bucket is missing, S3 says so before it says what else is wrong. */
  async #bucketFirst(known: S3Error | undefined): Promise<S3Error | undefined> {
    const objects = this.#objects
    if (!known || !objects || this.#place?.kind === 'service' || !this.#place) return known
    const isCopy = this.#operation?.selector?.header !== undefined
    if (!AFTER_THE_BUCKET.has(known.code) && !(isCopy && known.code === 'NoSuchKey')) return known
    if (this.#operation?.name === 'CreateBucket') return known
    try {
      await objects.store.headBucket(objects.storeBucket(this.#place.bucket))
      return known
    } catch (error) {
      return error instanceof StoreError && error.status === 404 ? new S3Error('NoSuchBucket') : known
    }
  }

  #log(code: string | undefined): void {
    const place = this.#place
    this.#options.log({
      event: 'request',
      requestId: this.#id,
      peer: this.#request.remoteAddress,
      method: this.#request.method,
      ...(this.#operation && { operation: this.#operation.name }),
      ...(this.#caller?.accessKeyId !== undefined && { accessKeyId: this.#caller.accessKeyId }),
      ...(place && place.kind !== 'service' && { bucket: place.bucket }),
      ...(place?.kind === 'object' && { key: place.key }),
      ...(code !== undefined && { code }),
      milliseconds: performance.now() - this.#began,
    })
  }
}

const NOTHING = new Uint8Array(0)

/** What the front finds wrong with a request without having asked the store. */
const AFTER_THE_BUCKET = new Set([
  'NoSuchUpload',
  'MissingRequestBodyError',
  'MalformedXML',
  'MalformedPolicy',
  'MalformedACLError',
  'MissingSecurityHeader',
])

/** S3's: bytes of all names and values together. */
const MAX_FIELDS = 8 * 1024

/** @throws S3Error RequestHeaderSectionTooLarge */
function checkFieldSize({ pairs }: Headers): void {
  let size = 0
  for (const [name, value] of pairs) size += name.length + value.length
  if (size > MAX_FIELDS)
    throw new S3Error('RequestHeaderSectionTooLarge', undefined, { details: { MaxSizeAllowed: MAX_FIELDS } })
}

/** What a grant must cover beside the bucket. */
function keyOf({ prefixParameter }: Operation, place: Place, query: Query): { key?: string } {
  if (place.kind === 'object') return { key: place.key }
  return prefixParameter ? { key: query.get(prefixParameter) ?? '' } : {}
}

function errorAnswer(error: S3Error, id: string, target: string | undefined): Answer {
  return {
    status: error.status,
    fields: [
      ...requestFields(id),
      ...(error.status === 304 ? [] : [['content-type', 'application/xml'] as const]),
      ...Object.entries(error.fields),
    ],
    body: xmlDocument('Error', errorNodes(error, id, target?.split('?')[0])),
  }
}

/** A request that the wire refused, in S3's words as far as S3 has some. */
function refusal(why: unknown): S3Error {
  if (!(why instanceof RequestRefused)) return asS3Error(why) ?? new S3Error('InternalError')
  switch (why.status) {
    case 411:
      return new S3Error('MissingContentLength')
    case 431:
      return new S3Error('RequestHeaderSectionTooLarge')
    case 408:
      return new S3Error('RequestTimeout')
    case 501:
    case 505:
    case 417:
      return new S3Error('NotImplemented', why.message)
    default:
      return new S3Error('BadRequest', why.message)
  }
}

/** Sixteen capital hex digits, the form S3's own have. */
const requestId = (): string => randomBytes(8).toString('hex').toUpperCase()
