import { type AeadEngine, expectLength, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './aead.ts'
import { DoesNotOpen } from './errors.ts'

/**
 * AES by OpenSSL's EVP functions inside the node binary, called through node:ffi, in place: half the cost of
 * node:crypto on a whole segment and a tenth on a small message, and no garbage.
 *
 * A wrong address corrupts memory, so these rules hold, and nothing outside this file sees an address:
 *  1. An address is taken from an ArrayBuffer, never from a view: a typed array of 64 bytes or less may live
 *     in the moving heap. Asking it for `.buffer` moves its bytes out of that heap, for good.
 *  2. Shared and resizable buffers are refused; a detached one has length 0 and fails the bounds.
 *  3. Offset and length are checked against the buffer before each call.
 *  4. An address lives no longer than the synchronous calls that use it, while the caller holds the view.
 *  5. Key, nonce, tag and OpenSSL's output length stand in one static block, at fixed places.
 *  6. OpenSSL is never asked to write more than it is given: GCM and ECB without padding keep the length.
 *
 * One context for each direction serves every key, since setting key and nonce in one call costs 0.1 µs more
 * than the nonce alone: so no stream owns native memory, and none can leak it. The contexts are made once
 * and live as long as the process.
 *
 * @throws Error where node:ffi or one of the functions is not there
 */
export function evpEngine(): AeadEngine {
  // Not imported: a Node without node:ffi must still be able to load this file.
  const ffi = process.getBuiltinModule('node:ffi')
  if (ffi === undefined) throw new Error('this Node has no node:ffi')
  const { getRawPointer } = ffi
  const { functions: evp } = ffi.dlopen(null, {
    EVP_CIPHER_CTX_new: { arguments: [], return: 'pointer' },
    EVP_aes_256_gcm: { arguments: [], return: 'pointer' },
    EVP_aes_256_ecb: { arguments: [], return: 'pointer' },
    EVP_CipherInit_ex: {
      arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'i32'],
      return: 'i32',
    },
    EVP_CipherUpdate: { arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'i32'], return: 'i32' },
    EVP_CipherFinal_ex: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
    EVP_CIPHER_CTX_ctrl: { arguments: ['pointer', 'i32', 'i32', 'pointer'], return: 'i32' },
  })

  const context = (cipher: bigint, encrypt: 0 | 1): bigint => {
    const made = evp.EVP_CIPHER_CTX_new()
    if (made === NULL || evp.EVP_CipherInit_ex(made, cipher, NULL, NULL, NULL, encrypt) !== 1) throw broken()
    return made
  }
  const sealing = context(evp.EVP_aes_256_gcm(), 1)
  const opening = context(evp.EVP_aes_256_gcm(), 0)
  const enciphering = context(evp.EVP_aes_256_ecb(), 1)

  const block = new Uint8Array(new ArrayBuffer(BLOCK))
  const at = getRawPointer(block.buffer)
  const KEY = at + BigInt(KEY_AT)
  const IV = at + BigInt(NONCE_AT)
  const TAG = at + BigInt(TAG_AT)
  const LENGTH = at + BigInt(LENGTH_AT)

  /** The address of the bytes of a view, by the rules above. */
  const address = (view: Uint8Array): bigint => {
    const memory = view.buffer
    if (!(memory instanceof ArrayBuffer) || memory.resizable) {
      throw new TypeError('the EVP engine takes plain ArrayBuffers only, not shared or resizable ones')
    }
    if (view.length < 1 || view.length > INT_MAX || view.byteOffset + view.length > memory.byteLength) {
      throw new RangeError(`${view.length} bytes at ${view.byteOffset} are outside of ${memory.byteLength}`)
    }
    return getRawPointer(memory) + BigInt(view.byteOffset)
  }
  const begin = (ctx: bigint, key: Uint8Array, nonce: Uint8Array, data: Uint8Array | undefined): void => {
    expectLength('AEAD key', key, KEY_BYTES)
    expectLength('AEAD nonce', nonce, NONCE_BYTES)
    block.set(key, KEY_AT)
    block.set(nonce, NONCE_AT)
    const begun = evp.EVP_CipherInit_ex(ctx, NULL, NULL, KEY, IV, KEEP_DIRECTION)
    block.fill(0, KEY_AT, KEY_AT + KEY_BYTES)
    if (begun !== 1) throw broken()
    if (data !== undefined && data.length > 0) update(ctx, NULL, address(data), data.length)
  }
  const update = (ctx: bigint, out: bigint, input: bigint, length: number): void => {
    if (evp.EVP_CipherUpdate(ctx, out, LENGTH, input, length) !== 1) throw broken()
  }
  const inPlace = (ctx: bigint, bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    const where = address(bytes)
    update(ctx, where, where, bytes.length)
  }

  return {
    name: 'evp',

    seal(key, nonce, plaintext, data) {
      begin(sealing, key, nonce, data)
      inPlace(sealing, plaintext)
      if (evp.EVP_CipherFinal_ex(sealing, TAG, LENGTH) !== 1) throw broken()
      if (evp.EVP_CIPHER_CTX_ctrl(sealing, GET_TAG, TAG_BYTES, TAG) !== 1) throw broken()
      return { ciphertext: plaintext, tag: Buffer.from(block.subarray(TAG_AT, TAG_AT + TAG_BYTES)) }
    },

    open(key, nonce, ciphertext, tag, data) {
      expectLength('AEAD tag', tag, TAG_BYTES)
      begin(opening, key, nonce, data)
      inPlace(opening, ciphertext)
      block.set(tag, TAG_AT)
      if (evp.EVP_CIPHER_CTX_ctrl(opening, SET_TAG, TAG_BYTES, TAG) !== 1) throw broken()
      if (evp.EVP_CipherFinal_ex(opening, TAG, LENGTH) !== 1) {
        ciphertext.fill(0)
        throw new DoesNotOpen()
      }
      return ciphertext
    },

    blocks(key, blocks) {
      expectLength('AES key', key, KEY_BYTES)
      if (blocks.length % 16 !== 0)
        throw new TypeError(`AES blocks: expected whole blocks, got ${blocks.length} bytes`)
      block.set(key, KEY_AT)
      const begun = evp.EVP_CipherInit_ex(enciphering, NULL, NULL, KEY, NULL, KEEP_DIRECTION)
      block.fill(0, KEY_AT, KEY_AT + KEY_BYTES)
      if (begun !== 1) throw broken()
      const out = Buffer.from(blocks)
      inPlace(enciphering, out)
      return out
    },
  }
}

const NULL = 0n
/** Fixed places in the static block, 64 bytes apart. */
const BLOCK = 4096
const KEY_AT = 0
const NONCE_AT = 64
const TAG_AT = 128
const LENGTH_AT = 192
/** openssl/evp.h */
const KEEP_DIRECTION = -1
const GET_TAG = 0x10
const SET_TAG = 0x11
const INT_MAX = 2 ** 31 - 1

const broken = (): Error =>
  new Error('OpenSSL refused an AES call that cannot fail: start again with the node engine')
