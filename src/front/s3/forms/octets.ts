/**
 * Octets as they stand on the wire: strings in which each character is one octet (latin1). Percent-encoding
 * is RFC 3986 section 2.1; UTF-8 is read strictly.
 */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Octets behind percent-encoded ones; undefined where a `%` has no two hex digits behind it. */
export function percentDecoded(octets: string): string | undefined {
  if (!octets.includes('%')) return octets
  if (/%(?![0-9A-Fa-f]{2})/.test(octets)) return undefined
  return octets.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** AWS's UriEncode: every octet but the unreserved ones of RFC 3986 section 2.3, with capital hex digits. */
export function percentEncoded(octets: string): string {
  if (!/[^A-Za-z0-9\-._~]/.test(octets)) return octets
  return octets.replace(
    /[^A-Za-z0-9\-._~]/g,
    octet => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** The text that octets hold; undefined where they are not UTF-8. */
export function utf8Decoded(octets: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it looks for
  if (/^[\x00-\x7f]*$/.test(octets)) return octets
  try {
    return strictUtf8.decode(Buffer.from(octets, 'latin1'))
  } catch {
    return undefined
  }
}

/** The octets of a text in UTF-8, as a header value or a path needs them. */
export function utf8Octets(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it looks for
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}
