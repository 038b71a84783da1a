import { createHash, hash } from 'node:crypto'
import type { Dispatcher } from 'undici'
import { HeadFields } from '../../wire/fields.ts'
import { StoreError, StoreUnavailable } from '../errors.ts'
import type { Connection } from './connection.ts'
import type { Field } from './object-headers.ts'
import { type Answer, type Missing, refusal } from './refusal.ts'
import { Attempt, retrying } from './retry.ts'
import { EMPTY_SHA256 } from './signature.ts'
import { type Query, writeQuery } from './targets.ts'

/** A request whose answer fits into memory: everything but the bodies of objects and parts. */
export interface ControlRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket?: string
  readonly key?: string
  readonly query?: Query
  readonly headers?: readonly Field[]
  readonly body?: Uint8Array
  /** What a 404 without a code means; an object where the request names one, else its bucket. */
  readonly missing?: Missing
  /** Milliseconds until the answer must be there whole. */
  readonly patience?: number
}

const PATIENCE = 60_000
/** A listing of 1,000 keys of 1,024 bytes, each byte percent-encoded, holds four million. */
const MAX_ANSWER = 8 * 1024 * 1024

/**
 * Sends a control request and reads its answer, any 2xx.
 * @throws StoreError where the store refuses
 * @throws StoreUnavailable
 */
export async function control(connection: Connection, request: ControlRequest): Promise<Answer> {
  const safe = request.method === 'GET' || request.method === 'HEAD'
  const missing = request.missing ?? (request.key === undefined ? 'NoSuchBucket' : 'NoSuchKey')
  return retrying(safe, async () => {
    const answer = await exchange(connection, request)
    if (answer instanceof Attempt || (answer.status >= 200 && answer.status < 300)) return answer
    return new Attempt(refusal(answer, missing), true)
  })
}

async function exchange(connection: Connection, request: ControlRequest): Promise<Answer | Attempt> {
  const { method, bucket, key, headers = [], body } = request
  const { origin, host, path } = connection.targets.locate(bucket, key)
  const query = writeQuery(request.query ?? {})
  const payload = body === undefined ? EMPTY_SHA256 : hash('sha256', body, 'hex')
  // Bodies get their digests anew: the client's spoke of other bytes. Content-MD5 is what every store knows.
  const digests: Field[] = body === undefined ? [] : [['content-md5', contentMd5(body)]]
  const signed = connection.signer.sign(
    { method, path, query, host, headers: [...headers, ...digests], payload },
    new Date(),
  )
  const signal = AbortSignal.timeout(request.patience ?? PATIENCE)
  try {
    const answer = await connection.agent.request({
      origin,
      method,
      path: query === '' ? path : `${path}?${query}`,
      headers: [['accept-encoding', 'identity'], ...signed.headers].flat(),
      body: body ?? null,
      responseHeaders: 'raw',
      signal,
    })
    return await readAnswer(answer, method)
  } catch (error) {
    return failed(error)
  }
}

async function readAnswer(answer: Dispatcher.ResponseData, method: string): Promise<Answer> {
  const headers = new HeadFields(pairs(answer.headers as unknown as readonly string[]))
  const coding = headers.get('content-encoding')
  // Nothing is ever decompressed: what was not asked for is not taken. HEAD tells of the object's coding.
  if (method !== 'HEAD' && coding !== undefined && coding !== 'identity') {
    answer.body.destroy()
    throw new StoreUnavailable('protocol', 'it compressed an answer that was asked for plain')
  }
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of answer.body as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_ANSWER) {
      answer.body.destroy()
      throw new StoreUnavailable('protocol', `its answer is larger than ${MAX_ANSWER} bytes`)
    }
    pieces.push(piece)
  }
  return { status: answer.statusCode, headers, body: Buffer.concat(pieces) }
}

/** undici hands raw headers as one list of names and values in turn. */
function pairs(raw: readonly string[]): Field[] {
  const fields: Field[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) fields.push([raw[at]!.toLowerCase(), raw[at + 1]!])
  return fields
}

const contentMd5 = (body: Uint8Array): string => createHash('md5').update(body).digest('base64')

/** Failures of undici, in our words; its own texts hold addresses. */
function failed(error: unknown): Attempt {
  if (error instanceof StoreUnavailable || error instanceof StoreError) return new Attempt(error, true)
  const { name, code, syscall } = error as { name?: string; code?: string; syscall?: string }
  if (name === 'TimeoutError' || code?.endsWith('_TIMEOUT') === true) {
    const connecting = code === 'UND_ERR_CONNECT_TIMEOUT'
    const reason = connecting ? 'unreachable' : 'stalled'
    return new Attempt(new StoreUnavailable(reason, 'it did not answer in time'), !connecting)
  }
  if (code?.startsWith('HPE_') === true || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new Attempt(new StoreUnavailable('protocol', 'its answer is not HTTP'), true)
  const connecting = syscall === 'connect' || syscall === 'getaddrinfo'
  const detail = `the connection failed (${code ?? name ?? 'unknown'})`
  return new Attempt(new StoreUnavailable('unreachable', detail), !connecting)
}
