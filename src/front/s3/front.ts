import { randomUUID } from 'node:crypto'
import { RequestRefused } from '../../wire/errors.ts'
import type { Handler } from '../../wire/exchange.ts'
import { type Answer, errorAnswer } from './answer.ts'
import type { Authority } from './auth/authenticate.ts'
import { SigningKeys } from './auth/signature.ts'
import { S3Error } from './errors.ts'
import { Exchange } from './exchange.ts'
import { asS3Error } from './failure.ts'
import type { FrontEvent, S3FrontOptions } from './options.ts'

export type { FrontEvent, S3FrontOptions }

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
    handler: (request, reply) => new Exchange(request, reply, options, authority, requestId()).answer(),
    refuse: why => errorAnswer(refusal(why), requestId(), undefined),
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

/**
 * Sixteen capital hex digits, the form S3's own have: those of a UUID that are random throughout. Node draws UUIDs
 * by the hundred, random bytes one call at a time, which takes seven times as long.
 */
function requestId(): string {
  const uuid = randomUUID()
  return (uuid.slice(0, 8) + uuid.slice(28)).toUpperCase()
}
