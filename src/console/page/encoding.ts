/** Bytes, or the UTF-8 of a text, in base64url. */
export function base64url(value: Uint8Array | string): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  const binary = String.fromCharCode(...bytes)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** 16 random bytes in base64url. */
export const newNonce = (): string => base64url(crypto.getRandomValues(new Uint8Array(16)))
