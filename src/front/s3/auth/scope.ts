import type { S3Error } from '../errors.ts'
import { readBasicDay } from '../forms/times.ts'

/** Milliseconds that a client's clock may be off, either way. */
export const MAX_SKEW = 15 * 60_000

/** For whom, when and where a signing key is good. */
export interface Scope {
  readonly accessKeyId: string
  /** `20260131`. */
  readonly day: string
  readonly region: string
  readonly service: 's3'
}

/** The scope as it is signed. */
export const scopeText = ({ day, region, service }: Scope): string =>
  `${day}/${region}/${service}/aws4_request`

/**
 * Reads a `Credential`. Access key ids hold no slash, so that five pieces are all there can be.
 *
 * @param refuse makes the error of the place where the credential stood
 * @throws what `refuse` makes
 */
export function readScope(
  credential: string,
  region: string,
  refuse: (why: string, region?: string) => S3Error,
): Scope {
  const pieces = credential.split('/')
  const [accessKeyId = '', day = '', itsRegion = '', service, terminal] = pieces
  if (pieces.length !== 5 || accessKeyId === '')
    throw refuse(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    )
  if (service === 's3express') throw refuse('S3 Express is not supported. This endpoint belongs to "s3".')
  if (service !== 's3') throw refuse(`incorrect service "${service}". This endpoint belongs to "s3".`)
  if (terminal !== 'aws4_request')
    throw refuse(`incorrect terminal "${terminal}". This endpoint uses "aws4_request".`)
  if (!readBasicDay(day))
    throw refuse(
      `incorrect date format "${day}". This date in the credential must be in the format "yyyyMMdd".`,
    )
  if (itsRegion !== region) throw refuse(`the region "${itsRegion}" is wrong; expecting "${region}"`, region)
  return { accessKeyId, day, region, service: 's3' }
}
