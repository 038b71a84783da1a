import { invalidArgument, S3Error } from '../errors.ts'
import { readScope, type Scope } from './scope.ts'

/** A signature as a request carries it, in a header or in its query. */
export interface GivenSignature {
  readonly scope: Scope
  /** Lower case, in the order the client listed them. */
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** A signature of the version that is refused: `AWS key:signature`. */
export const isVersion2 = (value: string): boolean => value.startsWith('AWS ')

/**
 * Reads an `Authorization` field: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
 * @throws S3Error AuthorizationHeaderMalformed, InvalidArgument, InvalidRequest; codes as S3 answers them
 */
export function readAuthorization(value: string, region: string): GivenSignature {
  const space = value.indexOf(' ')
  const algorithm = space < 0 ? value : value.slice(0, space)
  if (isVersion2(value))
    throw new S3Error(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    )
  if (space < 0)
    throw invalidArgument(
      'Authorization',
      value,
      "Authorization header is invalid -- one and only one ' ' (space) required.",
    )
  if (algorithm !== ALGORITHM)
    throw invalidArgument('Authorization', algorithm, 'Unsupported Authorization Type')

  const components = value
    .slice(space + 1)
    .replaceAll(' ', '')
    .split(',')
  if (components.length !== 3)
    throw malformed(
      'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    )
  const [credential, signedHeaders, signature] = (['Credential', 'SignedHeaders', 'Signature'] as const).map(
    (name, i) => component(name, components[i]!),
  )
  return {
    scope: readScope(credential!, region, malformed),
    signedHeaders: signedHeaders!.toLowerCase().split(';'),
    signature: signature!,
  }
}

function component(name: string, text: string): string {
  const [its, value, ...more] = text.split('=')
  if (value === undefined || more.length > 0)
    throw malformed(`the authorization component "${text}" is malformed.`)
  if (its !== name) throw malformed(`missing ${name}.`)
  return value
}

function malformed(why: string, region?: string): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}`, {
    details: region === undefined ? {} : { Region: region },
  })
}
