import { brokenXml } from './xml-element.ts'

/** Decodes the references in character data. */
export function characters(text: string): string {
  let decoded = ''
  let from = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at)
    decoded += text.slice(from, at) + character(text.slice(at + 1, end < 0 ? at + 1 : end))
    from = end + 1
  }
  return from === 0 ? text : decoded + text.slice(from)
}

/**
 * What a reference names. A numeric one may name any character but NUL and surrogates: S3 writes keys with control
 * characters so, although XML 1.0 knows no such characters.
 */
function character(reference: string): string {
  const named = NAMED.get(reference)
  if (named !== undefined) return named
  const [, decimal, hex] = NUMERIC.exec(reference) ?? []
  const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? '0', 16)
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    throw brokenXml(`&${reference.slice(0, 12)} is no reference that S3 writes`)
  return String.fromCodePoint(code)
}

const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  // As Go's encoder writes a quotation mark: two stand in every entry of a listing.
  ['#34', '"'],
])
const NUMERIC = /^#(?:(\d{1,7})|x([0-9A-Fa-f]{1,6}))$/
