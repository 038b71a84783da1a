import { Agent, request } from 'undici'
import { CustodyError } from '../errors.ts'
import { wrappingKey } from '../wrap.ts'
import { type RootProvider, recordBroken, recordText } from './root.ts'
import { readSecretFile } from './secret-file.ts'

export interface TransitOptions {
  /** `https://vault.example:8200`; plain HTTP on loopback alone. */
  readonly address: string
  /** Where the transit engine is mounted: `transit`. */
  readonly mount: string
  /** Name of a key of type aes256-gcm96. */
  readonly key: string
  /** File of mode 0600 with a token that may encrypt and decrypt by that key. */
  readonly tokenFile: string
  /** The server's authority, PEM; the system's where absent. */
  readonly authority?: string
}

const TIMEOUT = 10_000
const ANSWER = 64 * 1024
/** Bound to the ciphertext by the engine. */
const CONTEXT = Buffer.from('treuhand/root/transit/v1').toString('base64')

/**
 * The root, random, encrypted by a key of Vault's or OpenBao's transit engine, which never gives it away.
 * Whoever may use the token opens the root unattended.
 */
export function transitRoot(options: TransitOptions): RootProvider {
  checkAddress(options.address)
  return {
    kind: 'transit',
    async create() {
      const root = crypto.getRandomValues(new Uint8Array(32))
      const plaintext = Buffer.from(root).toString('base64')
      const ciphertext = await call(options, 'encrypt', 'ciphertext', { plaintext, associated_data: CONTEXT })
      return { root: await wrappingKey(root), record: { ciphertext } }
    },
    async open(record) {
      const ciphertext = recordText(record, 'ciphertext', 1024)
      const plaintext = await call(options, 'decrypt', 'plaintext', { ciphertext, associated_data: CONTEXT })
      const root = Buffer.from(plaintext, 'base64')
      if (root.length !== 32) throw recordBroken('the root is not 32 bytes')
      return await wrappingKey(root)
    },
  }
}

async function call(
  options: TransitOptions,
  act: 'encrypt' | 'decrypt',
  field: 'ciphertext' | 'plaintext',
  body: Record<string, string>,
): Promise<string> {
  const { address, mount, key, tokenFile, authority } = options
  const token = await readSecretFile(tokenFile)
  const dispatcher = new Agent({ connect: authority === undefined ? {} : { ca: authority } })
  try {
    const response = await request(`${address}/v1/${mount}/${act}/${encodeURIComponent(key)}`, {
      method: 'POST',
      headers: { 'x-vault-token': token, 'x-vault-request': 'true', 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
      dispatcher,
    })
    return readAnswer(response.statusCode, await readCapped(response.body), field, options)
  } catch (error) {
    if (error instanceof CustodyError) throw error
    throw new CustodyError(
      'Unreachable',
      `The transit engine at ${address} cannot be reached. Start it, or unseal it.`,
    )
  } finally {
    await dispatcher.destroy()
  }
}

async function readCapped(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    if (length > ANSWER) throw new RangeError('the answer is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function readAnswer(
  status: number,
  text: string,
  field: 'ciphertext' | 'plaintext',
  { address, mount, key }: TransitOptions,
): string {
  if (status === 403) {
    throw new CustodyError(
      'Refused',
      `The transit engine at ${address} refuses the token. Renew it, or let its policy update ${mount}/encrypt/${key} and ${mount}/decrypt/${key}.`,
    )
  }
  if (status === 503)
    throw new CustodyError('Unreachable', `The transit engine at ${address} is sealed. Unseal it.`)
  if (status === 400 && field === 'ciphertext') {
    throw new CustodyError(
      'RootKeyUnsafe',
      `The transit engine at ${address} cannot bind a root to its purpose by ${key}. Make a key of type aes256-gcm96.`,
    )
  }
  if (status === 400) {
    throw new CustodyError(
      'RootKeyChanged',
      `The transit engine at ${address} cannot open this root: its key is another.`,
    )
  }
  const value =
    status === 200 ? (JSON.parse(text) as { data?: Record<string, unknown> }).data?.[field] : undefined
  if (typeof value === 'string') return value
  throw new CustodyError(
    'Unreachable',
    `The transit engine at ${address} answered ${status}. Look at its log.`,
  )
}

function checkAddress(address: string): void {
  const { protocol, hostname } = new URL(address)
  if (protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) return
  throw new CustodyError('RootKeyUnsafe', `The root would go to ${address} in the clear. Use https.`)
}
