/** Where in the store a request goes: the S3 names of a bucket and a key, written as a URL. */

export interface Target {
  /** Scheme, host and port to connect to. */
  readonly origin: string
  /** The Host header. */
  readonly host: string
  /** Percent-encoded path, never resolved: `..` and `//` are names like others. */
  readonly path: string
}

/** How buckets are named in URLs: `https://store/bucket/key` or `https://bucket.store/key`. */
export type Addressing = 'path' | 'virtual-host'

/** Names that can be one label of a host, and fit a wildcard certificate: no dots. */
const HOST_LABEL = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/

export class Targets {
  readonly #protocol: string
  readonly #host: string
  readonly #prefix: string
  readonly #addressing: Addressing

  /** @param endpoint the store's URL; a path in it stands before every bucket */
  constructor(endpoint: URL, addressing: Addressing) {
    this.#protocol = endpoint.protocol
    this.#host = endpoint.host
    this.#prefix = endpoint.pathname.replace(/\/$/, '')
    this.#addressing = addressing
  }

  locate(bucket?: string, key?: string): Target {
    const inHost = bucket !== undefined && this.#addressing === 'virtual-host' && HOST_LABEL.test(bucket)
    const host = inHost ? `${bucket}.${this.#host}` : this.#host
    let path = this.#prefix
    if (bucket !== undefined && !inHost) path += `/${encode(bucket)}`
    if (key !== undefined) path += `/${encodeKey(key)}`
    return { origin: `${this.#protocol}//${host}`, host, path: path || '/' }
  }
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/
const UNRESERVED_OR_SLASH = /^[A-Za-z0-9\-._~/]*$/

/**
 * Percent-encodes all but the unreserved characters (RFC 3986 2.3), as Signature Version 4 asks.
 * @throws URIError on a lone surrogate, which has no UTF-8 form
 */
export function encode(text: string): string {
  if (UNRESERVED.test(text)) return text
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** As `encode`, with slashes left as they are. */
export function encodeKey(key: string): string {
  return UNRESERVED_OR_SLASH.test(key) ? key : encode(key).replaceAll('%2F', '/')
}

/** Query parameters; one that is undefined is left out, one without a value is empty. */
export type Query = Readonly<Record<string, string | undefined>>

/** The query in canonical form: encoded, sorted by name. */
export function writeQuery(query: Query): string {
  let text = ''
  for (const name of Object.keys(query).sort()) {
    const value = query[name]
    if (value !== undefined) text += `${text && '&'}${encode(name)}=${encode(value)}`
  }
  return text
}
