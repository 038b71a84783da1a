import { type Context, contextBytes } from './context.ts'
import { CustodyError } from './errors.ts'

/**
 * A key that wraps keys: the root or a KEK. The handle is not extractable. `subtle` is the WebCrypto that
 * made it, native or an HSM's: handles of one are refused by the other.
 */
export interface WrappingKey {
  readonly subtle: SubtleCrypto
  readonly key: CryptoKey
}

/** What a wrapped key is; bound to the wrap. */
export type WrapContext = Context

const IV_LENGTH = 12
const TAG_LENGTH = 16

/**
 * Wraps a key: 12 bytes of random IV, the ciphertext, 16 bytes of tag (AES-256-GCM, NIST SP 800-38D).
 * The context is bound as additional data, so a row moved elsewhere does not open.
 */
export async function wrap(by: WrappingKey, key: Uint8Array, context: WrapContext): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH))
  const algorithm = { name: 'AES-GCM', iv, additionalData: contextBytes(context) }
  const sealed = new Uint8Array(await by.subtle.encrypt(algorithm, by.key, key as NodeJS.BufferSource))
  const wrapped = new Uint8Array(IV_LENGTH + sealed.length)
  wrapped.set(iv)
  wrapped.set(sealed, IV_LENGTH)
  return wrapped
}

/**
 * Unwraps what `wrap` made. The caller overwrites the key after use.
 *
 * @throws CustodyError `WrapDoesNotOpen`, whatever the reason
 */
export async function unwrap(
  by: WrappingKey,
  wrapped: Uint8Array,
  context: WrapContext,
): Promise<Uint8Array> {
  if (wrapped.length < IV_LENGTH + TAG_LENGTH) throw doesNotOpen(context)
  const iv = wrapped.slice(0, IV_LENGTH)
  const algorithm = { name: 'AES-GCM', iv, additionalData: contextBytes(context) }
  try {
    return new Uint8Array(await by.subtle.decrypt(algorithm, by.key, wrapped.slice(IV_LENGTH)))
  } catch {
    throw doesNotOpen(context)
  }
}

/** Takes 32 bytes as a native wrapping key and overwrites them. */
export async function wrappingKey(bytes: Uint8Array): Promise<WrappingKey> {
  try {
    if (bytes.length !== 32) throw new RangeError(`a wrapping key has 32 bytes, got ${bytes.length}`)
    const { subtle } = crypto
    const key = await subtle.importKey('raw', bytes as NodeJS.BufferSource, 'AES-GCM', false, [
      'encrypt',
      'decrypt',
    ])
    return { subtle, key }
  } finally {
    bytes.fill(0)
  }
}

function doesNotOpen(context: WrapContext): CustodyError {
  return new CustodyError(
    'WrapDoesNotOpen',
    `A wrapped key (${context[0]}) does not open: the key above it is another, or the registry was altered. ` +
      'Restore the registry from its backup.',
  )
}
