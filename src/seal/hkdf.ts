import { createHmac, hkdfSync } from 'node:crypto'

/**
 * One block of HKDF-Expand with SHA-256 (RFC 5869, 2.3), which is HMAC-SHA-256(key, info ‖ 1). A third
 * cheaper than `crypto.hkdfSync`, and all that a uniformly random key needs (RFC 5869, 3.3).
 * @param key 32 uniformly random bytes
 * @returns 32 bytes
 */
export const hkdfExpand = (key: Uint8Array, info: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(info).update(FIRST).digest()

/** HKDF with SHA-256, both steps (RFC 5869). */
export const hkdf = (
  keyMaterial: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array => new Uint8Array(hkdfSync('sha256', keyMaterial, salt, info, length))

const FIRST = Uint8Array.of(1)
