import { createHmac } from 'node:crypto'

const HASH = 32

/** HKDF-Extract with SHA-256 (RFC 5869, 2.2): a 32-byte pseudorandom key. An empty salt means 32 zeros. */
export const hkdfExtract = (salt: Uint8Array, keyMaterial: Uint8Array): Uint8Array =>
  createHmac('sha256', salt).update(keyMaterial).digest()

/**
 * HKDF-Expand with SHA-256 (RFC 5869, 2.3). One extract followed by several expands costs half of as many
 * calls of `crypto.hkdfSync`.
 * @param length at most 255 · 32 bytes
 */
export function hkdfExpand(pseudorandomKey: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * HASH) throw new RangeError(`HKDF gives ${255 * HASH} bytes at most, not ${length}`)
  const rounds = Math.ceil(length / HASH)
  const out = Buffer.alloc(rounds * HASH)
  for (let round = 1; round <= rounds; round++) {
    const hmac = createHmac('sha256', pseudorandomKey)
    if (round > 1) hmac.update(out.subarray((round - 2) * HASH, (round - 1) * HASH))
    hmac
      .update(info)
      .update(Uint8Array.of(round))
      .digest()
      .copy(out, (round - 1) * HASH)
  }
  return out.subarray(0, length)
}

/** HKDF with SHA-256, both steps. */
export const hkdf = (
  keyMaterial: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array => hkdfExpand(hkdfExtract(salt, keyMaterial), info, length)
