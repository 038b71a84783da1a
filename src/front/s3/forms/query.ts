import { invalidArgument, S3Error } from '../errors.ts'
import { percentDecoded, utf8Decoded } from './octets.ts'

/** Parameters that one request may have at most. */
const MAX_PARAMETERS = 64

/**
 * The query of a request target. Names and values are decoded octets (latin1), in the order they came; a
 * parameter without `=` has the empty value, and a `+` is a space, as S3 reads both.
 */
export class Query {
  readonly pairs: readonly (readonly [name: string, value: string])[]

  constructor(pairs: readonly (readonly [name: string, value: string])[]) {
    this.pairs = pairs
  }

  has(name: string): boolean {
    return this.pairs.some(([its]) => its === name)
  }

  /**
   * The text of a parameter; undefined where it does not stand.
   * @throws S3Error InvalidArgument where it stands twice or holds no UTF-8
   */
  get(name: string): string | undefined {
    const values = this.pairs.filter(([its]) => its === name)
    if (values.length > 1) throw invalidArgument(name, '', 'A query parameter may stand once only.')
    const octets = values[0]?.[1]
    if (octets === undefined) return undefined
    const text = utf8Decoded(octets)
    if (text === undefined) throw invalidArgument(name, '', 'A query parameter must be UTF-8.')
    return text
  }
}

/**
 * @param octets what stands behind `?`, percent-encoded
 * @throws S3Error InvalidURI
 */
export function readQuery(octets: string): Query {
  if (octets === '') return new Query([])
  const pieces = octets.split('&').filter(piece => piece !== '')
  if (pieces.length > MAX_PARAMETERS) throw new S3Error('InvalidURI')
  return new Query(
    pieces.map(piece => {
      const equals = piece.indexOf('=')
      return equals < 0
        ? [decoded(piece), '']
        : [decoded(piece.slice(0, equals)), decoded(piece.slice(equals + 1))]
    }),
  )
}

function decoded(octets: string): string {
  const plain = percentDecoded(octets.replaceAll('+', ' '))
  if (plain === undefined) throw new S3Error('InvalidURI')
  return plain
}
