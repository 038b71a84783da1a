import { createHash, hash } from 'node:crypto'
import type { Response } from '../../wire/client.ts'
import { StoreUnavailable } from '../errors.ts'
import type { Connection } from './connection.ts'
import { unavailable, wasSent } from './failures.ts'
import type { Field } from './object-headers.ts'
import { type Answer, type Missing, refusal } from './refusal.ts'
import { type StoreRequest, signRequest } from './requests.ts'
import { Attempt, retrying } from './retry.ts'
import { EMPTY_SHA256 } from './signature.ts'

/** A request whose answer fits into memory: everything but the bodies of objects and parts. */
export interface ControlRequest extends StoreRequest {
  readonly body?: Uint8Array
  /** What a 404 without a code means; an object where the request names one, else its bucket. */
  readonly missing?: Missing
  /** Milliseconds in which an answer that has begun must be there whole. */
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
    try {
      const answer = await exchange(connection, request)
      if (answer.status >= 200 && answer.status < 300) return answer
      return new Attempt(refusal(answer, missing), true)
    } catch (error) {
      return new Attempt(unavailable(error), wasSent(error))
    }
  })
}

async function exchange(connection: Connection, request: ControlRequest): Promise<Answer> {
  const { method, headers = [], body, patience = PATIENCE } = request
  const { origin, ask } =
    body === undefined
      ? signRequest(connection, request, EMPTY_SHA256)
      : signRequest(
          connection,
          { ...request, headers: [...headers, contentMd5(body)] },
          hash('sha256', body, 'hex'),
        )
  const response = await origin.request(ask, body)
  const coding = response.headers.get('content-encoding')
  // What was asked for plain is not taken otherwise. HEAD tells of the object's coding, not of its own.
  if (method !== 'HEAD' && coding !== undefined && coding !== 'identity') {
    response.discard()
    throw new StoreUnavailable('protocol', 'it encoded an answer that was asked for plain')
  }
  return {
    status: response.status,
    headers: response.headers,
    body: await collect(response, patience),
  }
}

/** The body, unless it is too large or drips too slowly. */
async function collect(response: Response, patience: number): Promise<Buffer> {
  const late = setTimeout(() => response.discard(), patience)
  try {
    return await response.collect(MAX_ANSWER)
  } finally {
    clearTimeout(late)
  }
}

/** Documents get a digest of their own bytes: the client's spoke of others. This one every store knows. */
const contentMd5 = (body: Uint8Array): Field => [
  'content-md5',
  createHash('md5').update(body).digest('base64'),
]
