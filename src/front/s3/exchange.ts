import type { Purpose } from '../../objects/object.ts'
import type { Objects } from '../../objects/objects.ts'
import { PeerFailed } from '../../wire/errors.ts'
import type { Fields, Headers, Reply, Request } from '../../wire/exchange.ts'
import { type Escort, type Intent, isAllowed } from './access.ts'
import { errorAnswer, errorNodes } from './answer.ts'
import { anonymousRefused } from './auth/anonymous.ts'
import { type Authenticated, type Authority, authenticate, isUnsigned } from './auth/authenticate.ts'
import { authenticateForm } from './auth/authenticate-form.ts'
import { checkVersion } from './auth/presigned.ts'
import { type ReceivedForm, receiveForm } from './body/form-body.ts'
import type { Call, Operation } from './call.ts'
import { corsFields, preflight } from './cors.ts'
import { type SeenRequest, sourceOf } from './error-elements.ts'
import { S3Error } from './errors.ts'
import { checkOwner } from './expected-owner.ts'
import { asS3Error } from './failure.ts'
import { withHoisted } from './forms/hoisted.ts'
import { type Place, readPlace } from './forms/place.ts'
import { readBoundary } from './forms/post-form.ts'
import { type Query, readQuery } from './forms/query.ts'
import { OPERATIONS } from './operations/all.ts'
import { postedForm } from './operations/post-object.ts'
import type { FrontEvent, S3FrontOptions } from './options.ts'
import { route, routesOf } from './router.ts'
import { secondLook } from './second-look.ts'
import { troubleOf } from './trouble.ts'
import { escortedIntent, Watched } from './watched.ts'
import type { XmlNode } from './xml/write.ts'

/** A request that has been read: what it is about and what it wants. */
interface Asked {
  readonly path: string
  readonly query: Query
  /** The request's fields, and those that a presigned URL carries as parameters. */
  readonly headers: Headers
  readonly place: Place
  readonly operation: Operation
  readonly now: Date
}

/** One request, from its first look to its answer: read, authenticate, authorise, perform, answer. */
export class Exchange {
  readonly #request: Request
  readonly #reply: Reply
  readonly #options: S3FrontOptions
  readonly #authority: Authority
  readonly #id: string
  readonly #began = performance.now()
  // What is known of the request so far, for its failure and for the log.
  #place: Place | undefined
  #asked: Asked | undefined
  #caller: Authenticated | undefined
  #objects: Objects | undefined
  #watched: Watched | undefined
  #form: ReceivedForm | undefined
  #lateFailure: S3Error | undefined
  #cors: Fields = []

  constructor(request: Request, reply: Reply, options: S3FrontOptions, authority: Authority, id: string) {
    this.#request = request
    this.#reply = reply
    this.#options = options
    this.#authority = authority
    this.#id = id
  }

  async answer(): Promise<void> {
    try {
      await this.#serve()
      this.#log(this.#lateFailure?.code)
    } catch (error) {
      await this.#fail(error)
    } finally {
      await this.#watched?.answered()
    }
  }

  async #serve(): Promise<void> {
    const { method } = this.#request
    const { path, query } = this.#target()
    const now = this.#options.now?.() ?? new Date()
    const place = readPlace(this.#request.headers.get('host') ?? '', path, this.#options.baseDomains)
    this.#place = place
    if (method === 'OPTIONS') return this.#preflight(place)
    await this.#allowPage(place)
    checkVersion(query)
    const headers = withHoisted(this.#request.headers, query)
    const operation = this.#route(place, query, headers)
    const asked: Asked = { path, query, headers, place, operation, now }
    this.#asked = asked
    const caller = await this.#authenticate(asked)
    this.#caller = caller
    checkOwner(headers.get('x-amz-expected-bucket-owner'), caller)
    await this.#perform(asked, caller)
  }

  #target(): { path: string; query: Query } {
    const { target, headers } = this.#request
    checkFieldSize(headers)
    const mark = target.indexOf('?')
    if (mark < 0) return { path: target, query: readQuery('') }
    return { path: target.slice(0, mark), query: readQuery(target.slice(mark + 1)) }
  }

  #route(place: Place, query: Query, headers: Headers): Operation {
    try {
      return route(ROUTES, this.#request.method, place, query, headers)
    } catch (error) {
      const refused = isUnsigned(this.#request.headers, query) ? anonymousRefused(query) : undefined
      throw refused ?? error
    }
  }

  async #authenticate({ path, query, place, operation, now }: Asked): Promise<Authenticated> {
    const { method, headers, body } = this.#request
    if (operation.signedBy !== 'form' || place.kind !== 'bucket')
      return authenticate({ method, path, query, headers }, operation.name, this.#authority, now)
    const boundary = readBoundary(headers.get('content-type'))
    if (body.length === undefined) throw new S3Error('MissingContentLength')
    this.#form = await receiveForm(body, boundary)
    return authenticateForm(postedForm(place.bucket, this.#form), this.#authority, now)
  }

  async #perform({ query, headers, place, operation, now }: Asked, caller: Authenticated): Promise<void> {
    if (!operation.takesData && caller.payload.kind === 'chunked')
      throw new S3Error('InvalidRequest', 'The value of x-amz-content-sha256 header is invalid.')
    const { identity } = caller
    const may = (intent: Intent) => isAllowed(identity, intent, this.#request.remoteAddress, now)
    const intent = intentOf(operation, place, query)
    if (identity.escort) await this.#admit(identity.escort, operation, intent)
    if (intent && !may(intent)) throw new S3Error('AccessDenied')
    const objects = this.#options.objectsFor(identity).for(purposeOf(operation, headers, caller))
    this.#objects = objects
    const call: Call = {
      request: this.#watched?.request ?? this.#request,
      reply: withFields(this.#watched?.reply ?? this.#reply, this.#cors),
      requestId: this.#id,
      query,
      headers,
      caller,
      objects,
      settings: this.#options,
      now,
      ...(this.#form && { form: this.#form }),
      may,
      failedLate: error => this.#failLate(error),
    }
    if (operation.on === 'service') await operation.run(call)
    else if (operation.on === 'bucket' && place.kind === 'bucket') await operation.run({ ...call, ...place })
    else if (operation.on === 'object' && place.kind === 'object') await operation.run({ ...call, ...place })
  }

  /** Has the request let through by whoever watches, who hears of it also where no grant covers it. */
  async #admit(escort: Escort, operation: Operation, intent: Intent | undefined): Promise<void> {
    const escorted = await escort.admit(escortedIntent(operation, intent, this.#request.remoteAddress))
    this.#watched = new Watched(this.#request, this.#reply, escorted)
  }

  // ---- pages of the web

  async #preflight(place: Place): Promise<void> {
    if (place.kind === 'service') throw new S3Error('MethodNotAllowed')
    const resource = place.kind === 'bucket' ? 'BUCKET' : 'OBJECT'
    const { cors, objectsFor, anonymous } = this.#options
    const objects = objectsFor(anonymous ?? NOBODY)
    const fields = await preflight(cors, place.bucket, this.#request.headers, resource).catch(async error => {
      // S3 names the missing bucket first.
      await objects.store.headBucket(objects.storeBucket(place.bucket))
      throw error
    })
    await this.#reply.send(200, [['x-amz-request-id', this.#id], ...fields], NOTHING)
  }

  async #allowPage(place: Place): Promise<void> {
    if (place.kind === 'service') return
    const { method, headers } = this.#request
    this.#cors = await corsFields(this.#options.cors, place.bucket, method, headers)
  }

  // ---- what fails

  async #fail(error: unknown): Promise<void> {
    // Its bytes wait for a reader that will not come.
    this.#form?.file.discard()
    // Nobody is left to answer, and that is no defect of ours.
    if (error instanceof PeerFailed) {
      this.#watched?.failed(0)
      this.#log('ClientGone')
      throw error
    }
    const failure = await this.#failure(error)
    this.#log(failure.code)
    this.#watched?.failed(this.#reply.started ? 0 : failure.status)
    // What has begun cannot become an error any more: the wire cuts it.
    if (this.#reply.started) throw error
    const { status, fields, body } = errorAnswer(failure, this.#id, this.#seen())
    const bodiless = this.#request.method === 'HEAD' || status === 304
    const length = status === 304 ? 0 : body.length
    await this.#reply.send(status, [...fields, ...this.#cors], bodiless ? NOTHING : body, length)
  }

  async #failLate(error: unknown): Promise<readonly XmlNode[]> {
    const failure = await this.#failure(error)
    this.#lateFailure = failure
    this.#watched?.failed(failure.status)
    return errorNodes(failure, this.#id, this.#seen())
  }

  #seen(): SeenRequest {
    const { method, target, headers } = this.#request
    return { method, target, headers, ...(this.#place && { place: this.#place }), ...this.#asked }
  }

  async #failure(error: unknown): Promise<S3Error> {
    const asked = this.#asked
    const known = asS3Error(error, asked?.operation.sentences)
    if (!known) this.#options.log({ event: 'defect', requestId: this.#id, error })
    const trouble = troubleOf(error)
    if (trouble) this.#options.log({ ...trouble, requestId: this.#id })
    const objects = this.#objects
    if (!known) return new S3Error('InternalError')
    if (!asked || !objects || !this.#caller) return known
    const source = sourceOf(asked.headers)?.bucket
    return secondLook(known, error, {
      ...asked,
      objects,
      tenant: this.#caller.identity.tenant,
      ...(this.#caller.accessKeyId !== undefined && { accessKeyId: this.#caller.accessKeyId }),
      ...(source !== undefined && { source }),
    })
  }

  #log(code: string | undefined): void {
    const place = this.#place
    const event: FrontEvent = {
      event: 'request',
      requestId: this.#id,
      peer: this.#request.remoteAddress,
      method: this.#request.method,
      ...(this.#asked && { operation: this.#asked.operation.name }),
      ...(this.#caller?.accessKeyId !== undefined && { accessKeyId: this.#caller.accessKeyId }),
      ...(place && place.kind !== 'service' && { bucket: place.bucket }),
      ...(place?.kind === 'object' && { key: place.key }),
      ...(code !== undefined && { code }),
      milliseconds: performance.now() - this.#began,
    }
    this.#options.log(event)
  }
}

/** What a custodian is told who judges each use of a key. */
function purposeOf({ name }: Operation, headers: Headers, { accessKeyId }: Authenticated): Purpose {
  const reason = headers.get('x-treuhand-reason')
  if (reason !== undefined && !/^[\w.-]{1,64}$/.test(reason))
    throw new S3Error('InvalidRequest', 'x-treuhand-reason takes 64 letters, digits and _.- at most.')
  return {
    action: name,
    ...(accessKeyId !== undefined && { caller: accessKeyId }),
    ...(reason !== undefined && { reason }),
  }
}

const ROUTES = routesOf(OPERATIONS)
const NOTHING = new Uint8Array(0)
const NOBODY = { tenant: '', grants: [] }

/** S3's: bytes of all names and values together. */
const MAX_FIELDS = 8 * 1024

/** @throws S3Error RequestHeaderSectionTooLarge */
function checkFieldSize({ pairs }: Headers): void {
  let size = 0
  for (const [name, value] of pairs) size += name.length + value.length
  if (size > MAX_FIELDS)
    throw new S3Error('RequestHeaderSectionTooLarge', undefined, { details: { MaxSizeAllowed: MAX_FIELDS } })
}

/** What the sender's grants must cover; undefined where the operation asks for it itself. */
function intentOf({ action, prefixParameter }: Operation, place: Place, query: Query): Intent | undefined {
  if (!action || place.kind === 'service') return undefined
  const { bucket } = place
  if (place.kind === 'object') return { action, bucket, key: place.key }
  return prefixParameter ? { action, bucket, key: query.get(prefixParameter) ?? '' } : { action, bucket }
}

/** The same reply, with these fields on whatever it says. */
function withFields(reply: Reply, more: Fields): Reply {
  if (more.length === 0) return reply
  return {
    send: (status, fields, body, length) => reply.send(status, [...fields, ...more], body, length),
    stream: (status, fields, length) => reply.stream(status, [...fields, ...more], length),
    streamChunked: (status, fields) => reply.streamChunked(status, [...fields, ...more]),
    get started() {
      return reply.started
    },
  }
}
