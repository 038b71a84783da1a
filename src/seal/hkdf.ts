import type { AeadEngine } from './aead.ts'

/**
 * One block of HKDF-Expand with SHA-256 (RFC 5869, 2.3), which is HMAC-SHA-256(key, info ‖ 1): all that a
 * uniformly random key needs (RFC 5869, 3.3).
 * @param key 32 uniformly random bytes
 * @returns 32 bytes
 */
export function hkdfExpand({ hmac }: AeadEngine, key: Uint8Array, info: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(info.length + 1)
  message.set(info)
  message[info.length] = 1
  return hmac(key, message)
}

/**
 * HKDF with SHA-256, both steps (RFC 5869), of which the second makes one block.
 * @param salt 64 bytes at most
 * @returns 32 bytes
 */
export function hkdf(
  engine: AeadEngine,
  keyMaterial: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
): Uint8Array {
  const key = engine.hmac(salt, keyMaterial)
  const block = hkdfExpand(engine, key, info)
  key.fill(0)
  return block
}
