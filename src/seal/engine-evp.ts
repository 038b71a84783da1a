import {
  type AeadEngine,
  expectBlocks,
  expectLength,
  expectShort,
  expectTagged,
  KEY_BYTES,
  MAX_HMAC_KEY,
  MAX_HMAC_MESSAGE,
  NONCE_BYTES,
  TAG_BYTES,
} from './aead.ts'
import { DoesNotOpen } from './errors.ts'

/**
 * AES and HMAC by OpenSSL's EVP functions inside the node binary, called through node:ffi, from memory to memory: half
 * the cost of node:crypto for a whole segment, a fifth for a short HMAC, and no garbage.
 *
 * A wrong address corrupts memory, so these rules hold, and nothing outside this file sees an address:
 *  1. An address is taken from an ArrayBuffer, never from a view: a typed array of 64 bytes or less may live
 *     in the moving heap. Asking it for `.buffer` moves its bytes out of that heap, for good.
 *  2. Shared and resizable buffers are refused; a detached one has length 0 and fails the bounds.
 *  3. Offset and length are checked against the buffer before each call.
 *  4. An address lives no longer than the synchronous calls that use it, while the caller holds the view.
 *  5. Key, nonce, tag, what is hashed and OpenSSL's output length stand in one static block, at fixed places.
 *  6. Input and output are the same bytes or have none in common: OpenSSL does not look.
 *  7. OpenSSL is never asked to write more than there is room for: GCM, and ECB over whole blocks, keep the length; a
 *     hash has 32 bytes.
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
    EVP_EncryptInit_ex: { arguments: [POINTER, POINTER, POINTER, POINTER, POINTER], return: 'i32' },
    EVP_DecryptInit_ex: { arguments: [POINTER, POINTER, POINTER, POINTER, POINTER], return: 'i32' },
    EVP_EncryptUpdate: { arguments: [POINTER, POINTER, POINTER, POINTER, INT], return: 'i32' },
    EVP_DecryptUpdate: { arguments: [POINTER, POINTER, POINTER, POINTER, INT], return: 'i32' },
    EVP_EncryptFinal_ex: { arguments: [POINTER, POINTER, POINTER], return: 'i32' },
    EVP_DecryptFinal_ex: { arguments: [POINTER, POINTER, POINTER], return: 'i32' },
    EVP_CIPHER_CTX_ctrl: { arguments: [POINTER, INT, INT, POINTER], return: 'i32' },
    EVP_MD_CTX_new: { arguments: [], return: 'pointer' },
    EVP_sha256: { arguments: [], return: 'pointer' },
    EVP_DigestInit_ex: { arguments: [POINTER, POINTER, POINTER], return: 'i32' },
    EVP_DigestUpdate: { arguments: [POINTER, POINTER, SIZE], return: 'i32' },
    EVP_DigestFinal_ex: { arguments: [POINTER, POINTER, POINTER], return: 'i32' },
  })

  const block = new Uint8Array(new ArrayBuffer(BLOCK_BYTES))
  const digest = block.subarray(DIGEST_AT, DIGEST_AT + DIGEST_BYTES)
  const tag = block.subarray(TAG_AT, TAG_AT + TAG_BYTES)
  const start = getRawPointer(block.buffer)
  const KEY = start + BigInt(KEY_AT)
  const NONCE = start + BigInt(NONCE_AT)
  const TAG = start + BigInt(TAG_AT)
  const WRITTEN = start + BigInt(WRITTEN_AT)
  const BLOCKS = start + BigInt(BLOCKS_AT)
  const HASHED = start + BigInt(HASHED_AT)
  const DIGEST = start + BigInt(DIGEST_AT)

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
  /** Sets key and nonce of a context; the key stays in the block no longer than the call. */
  const begin = (init: typeof evp.EVP_EncryptInit_ex, context: bigint, key: Uint8Array): void => {
    expectLength('AES key', key, KEY_BYTES)
    block.set(key, KEY_AT)
    const begun = init(context, NULL, NULL, KEY, NONCE)
    block.fill(0, KEY_AT, KEY_AT + KEY_BYTES)
    must(begun)
  }
  const setNonce = (nonce: Uint8Array): void => {
    expectLength('AEAD nonce', nonce, NONCE_BYTES)
    block.set(nonce, NONCE_AT)
  }
  const pass = (
    update: typeof evp.EVP_EncryptUpdate,
    context: bigint,
    from: Uint8Array,
    to: Uint8Array,
    length: number,
  ): void => {
    if (length === 0) return
    if (length > from.length || length > to.length) throw new RangeError(`there are no ${length} bytes`)
    const apart = Math.abs(to.byteOffset - from.byteOffset)
    if (to.buffer === from.buffer && apart > 0 && apart < length)
      throw new RangeError('input and output of AES overlap')
    must(update(context, address(to), WRITTEN, address(from), BigInt(length)))
  }
  const associate = (
    update: typeof evp.EVP_EncryptUpdate,
    context: bigint,
    data: Uint8Array | undefined,
  ): void => {
    if (data === undefined || data.length === 0) return
    must(update(context, NULL, WRITTEN, address(data), BigInt(data.length)))
  }

  const newContext = (init: typeof evp.EVP_EncryptInit_ex, cipher: bigint): bigint => {
    const context = evp.EVP_CIPHER_CTX_new()
    if (context === NULL) throw broken()
    must(init(context, cipher, NULL, NULL, NULL))
    return context
  }
  const sealing = newContext(evp.EVP_EncryptInit_ex, evp.EVP_aes_256_gcm())
  const opening = newContext(evp.EVP_DecryptInit_ex, evp.EVP_aes_256_gcm())
  const enciphering = newContext(evp.EVP_EncryptInit_ex, evp.EVP_aes_256_ecb())

  const hashing = evp.EVP_MD_CTX_new()
  if (hashing === NULL) throw broken()
  must(evp.EVP_DigestInit_ex(hashing, evp.EVP_sha256(), NULL))

  /** SHA-256 of the key filled up to a block, each byte changed by `pad`, and of what stands behind it. */
  const hashPadded = (key: Uint8Array, pad: number, behind: Uint8Array): void => {
    block.fill(pad, HASHED_AT, HASHED_AT + MAX_HMAC_KEY)
    for (let i = 0; i < key.length; i++) block[HASHED_AT + i]! ^= key[i]!
    block.set(behind, HASHED_AT + MAX_HMAC_KEY)
    must(evp.EVP_DigestUpdate(hashing, HASHED, BigInt(MAX_HMAC_KEY + behind.length)))
    must(evp.EVP_DigestFinal_ex(hashing, DIGEST, NULL))
    // Begun anew at once, the context forgets what it hashed.
    must(evp.EVP_DigestInit_ex(hashing, NULL, NULL))
  }

  return {
    name: 'evp',

    seal(key, nonce, plaintext, into, data) {
      expectTagged(plaintext, into)
      setNonce(nonce)
      begin(evp.EVP_EncryptInit_ex, sealing, key)
      associate(evp.EVP_EncryptUpdate, sealing, data)
      pass(evp.EVP_EncryptUpdate, sealing, plaintext, into, plaintext.length)
      must(evp.EVP_EncryptFinal_ex(sealing, TAG, WRITTEN))
      must(evp.EVP_CIPHER_CTX_ctrl(sealing, GET_TAG, TAG_LENGTH, TAG))
      into.set(tag, plaintext.length)
    },

    open(key, nonce, sealed, into, data) {
      expectTagged(into, sealed)
      setNonce(nonce)
      begin(evp.EVP_DecryptInit_ex, opening, key)
      associate(evp.EVP_DecryptUpdate, opening, data)
      tag.set(sealed.subarray(into.length))
      must(evp.EVP_CIPHER_CTX_ctrl(opening, SET_TAG, TAG_LENGTH, TAG))
      pass(evp.EVP_DecryptUpdate, opening, sealed, into, into.length)
      if (evp.EVP_DecryptFinal_ex(opening, TAG, WRITTEN) === OK) return
      into.fill(0)
      throw new DoesNotOpen()
    },

    blocks(key, blocks) {
      expectBlocks(blocks)
      begin(evp.EVP_EncryptInit_ex, enciphering, key)
      if (blocks.length > BLOCKS_BYTES)
        throw new RangeError(`AES: ${BLOCKS_BYTES} bytes at most, got ${blocks.length}`)
      block.set(blocks, BLOCKS_AT)
      must(evp.EVP_EncryptUpdate(enciphering, BLOCKS, WRITTEN, BLOCKS, BigInt(blocks.length)))
      // These keys outlive an object: the context forgets them at once.
      begin(evp.EVP_EncryptInit_ex, enciphering, NO_KEY)
      return block.slice(BLOCKS_AT, BLOCKS_AT + blocks.length)
    },

    hmac(key, message) {
      expectShort('HMAC key', key, MAX_HMAC_KEY)
      expectShort('HMAC message', message, MAX_HMAC_MESSAGE)
      hashPadded(key, INNER_PAD, message)
      hashPadded(key, OUTER_PAD, digest)
      block.fill(0, HASHED_AT, HASHED_AT + MAX_HMAC_KEY + message.length)
      return digest.slice()
    },
  }
}

/**
 * An `int` is passed as if it were an address: it travels in the same register, of which OpenSSL reads the
 * lower half (System V, AAPCS64 and Windows alike). As `i32` each call would cost ten times as much, for
 * node:ffi then checks its arguments in JavaScript. A `size_t` is as wide as an address.
 */
const INT = 'pointer'
const SIZE = 'pointer'
const POINTER = 'pointer'
const NULL = 0n
const OK = 1
const INT_MAX = 2 ** 31 - 1
/** EVP_CTRL_AEAD_GET_TAG and _SET_TAG of openssl/evp.h. */
const GET_TAG = 0x10n
const SET_TAG = 0x11n
const TAG_LENGTH = BigInt(TAG_BYTES)
const NO_KEY = new Uint8Array(KEY_BYTES)

/** Places in the static block. */
const BLOCK_BYTES = 4096
const KEY_AT = 0
const NONCE_AT = 64
const TAG_AT = 128
const WRITTEN_AT = 192
const BLOCKS_AT = 256
const BLOCKS_BYTES = 256
const DIGEST_AT = 512
const DIGEST_BYTES = 32
const HASHED_AT = 1024

/** RFC 2104, 2. */
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

function must(result: number): void {
  if (result !== OK) throw broken()
}

const broken = (): Error => new Error('OpenSSL refused a call that cannot fail: choose the engine "node"')
