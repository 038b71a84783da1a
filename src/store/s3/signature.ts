import { createHmac, hash } from 'node:crypto'

/**
 * AWS Signature Version 4 for requests to the store, after
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 *
 * Of our own because it stands on the way of every object: the SDK's signer is asynchronous, hashes in
 * JavaScript and normalises paths; and no signer at hand signs chunks. `targets.ts` writes paths and queries in
 * canonical form already, so nothing is encoded here.
 */

/** Key pair of an account at the store. */
export interface StoreCredential {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface ToSign {
  readonly method: string
  /** Canonical: percent-encoded, unresolved. */
  readonly path: string
  /** Canonical: sorted, `key=value` joined by `&`. */
  readonly query: string
  readonly host: string
  /** All headers that are to be signed, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** What stands in `x-amz-content-sha256`: hex SHA-256 of the body, or one of the named forms. */
  readonly payload: string
}

/** A signed request's headers, and what signing its chunks goes on from. */
export interface Signed {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly chunks: ChunkSigner
}

/** Hex SHA-256 of no bytes. */
export const EMPTY_SHA256 = hash('sha256', '', 'hex')

/** Signs for one account in one region. The day's signing key is derived once. */
export class Signer {
  readonly #credential: StoreCredential
  readonly #region: string
  #day = ''
  #key: Buffer = Buffer.alloc(0)

  constructor(credential: StoreCredential, region: string) {
    this.#credential = credential
    this.#region = region
  }

  sign({ method, path, query, host, headers, payload }: ToSign, now: Date): Signed {
    const time = amzTime(now)
    const day = time.slice(0, 8)
    const { accessKeyId, sessionToken } = this.#credential
    const added: (readonly [string, string])[] = [
      ['x-amz-content-sha256', payload],
      ['x-amz-date', time],
    ]
    if (sessionToken !== undefined) added.push(['x-amz-security-token', sessionToken])

    const signed = [...headers, ...added, ['host', host] as const].sort(([a], [b]) => (a < b ? -1 : 1))
    let names = ''
    let fields = ''
    for (const [name, value] of signed) {
      names += names === '' ? name : `;${name}`
      fields += `${name}:${value.includes('  ') ? value.trim().replace(/ {2,}/g, ' ') : value.trim()}\n`
    }
    const canonical = `${method}\n${path}\n${query}\n${fields}\n${names}\n${payload}`
    const scope = `${day}/${this.#region}/s3/aws4_request`
    const key = this.#signingKey(day)
    const signature = hmac(
      key,
      `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical, 'hex')}`,
    ).toString('hex')
    added.push([
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${names},Signature=${signature}`,
    ])
    return { headers: [...headers, ...added], chunks: new ChunkSigner(key, time, scope, signature) }
  }

  #signingKey(day: string): Buffer {
    if (day !== this.#day) {
      const steps = [day, this.#region, 's3', 'aws4_request']
      this.#key = steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${this.#credential.secretAccessKey}`))
      this.#day = day
    }
    return this.#key
  }
}

/**
 * Signs the chunks of one body, each over the signature before it
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, and -trailers for the trailer).
 */
export class ChunkSigner {
  readonly #key: Buffer
  readonly #time: string
  readonly #scope: string
  #previous: string

  constructor(key: Buffer, time: string, scope: string, seed: string) {
    this.#key = key
    this.#time = time
    this.#scope = scope
    this.#previous = seed
  }

  chunk(data: Uint8Array): string {
    return this.#next('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_SHA256}\n${hash('sha256', data, 'hex')}`)
  }

  /** @param lines the trailer's lines, `name:value\n` each */
  trailer(lines: string): string {
    return this.#next('AWS4-HMAC-SHA256-TRAILER', hash('sha256', lines, 'hex'))
  }

  #next(algorithm: string, hashes: string): string {
    const toSign = `${algorithm}\n${this.#time}\n${this.#scope}\n${this.#previous}\n${hashes}`
    this.#previous = hmac(this.#key, toSign).toString('hex')
    return this.#previous
  }
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** `20130524T000000Z` */
function amzTime(now: Date): string {
  const iso = now.toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}
