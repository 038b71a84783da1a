import { createHash } from 'node:crypto'
import { CustodyError } from './errors.ts'

/** A JSON value as documents of the custody plane hold it: numbers are integers (I-JSON, RFC 7493 section 2.2). */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

const MAX_DEPTH = 16

/**
 * Encodes a value by the JSON Canonicalization Scheme (RFC 8785). ECMAScript's own number and string
 * forms are the scheme's, so only the order of names is left to do.
 * @throws CustodyError `Malformed` for a lone surrogate, NaN, an infinity, or nesting deeper than 16
 */
export function canonical(value: Json): string {
  return encode(value, MAX_DEPTH)
}

function encode(value: Json, depth: number): string {
  if (depth === 0) throw new CustodyError('Malformed', `a document may nest ${MAX_DEPTH} deep, no deeper`)
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new CustodyError('Malformed', 'a document holds finite numbers only')
  if (typeof value === 'string' && !value.isWellFormed())
    throw new CustodyError('Malformed', 'a document holds well-formed Unicode only')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(item => encode(item, depth - 1)).join(',')}]`
  const record = value as { readonly [name: string]: Json }
  // Array.prototype.sort compares UTF-16 code units, as section 3.2.3 demands.
  const members = Object.keys(record)
    .sort()
    .map(name => `${encode(name, depth - 1)}:${encode(record[name]!, depth - 1)}`)
  return `{${members.join(',')}}`
}

/**
 * Reads a canonical document. It must encode to the very bytes that came, so that no two texts mean one
 * document and no reader sees another document than the one that was signed.
 * @param bytes UTF-8
 * @param cap bytes at most
 * @throws CustodyError `TooLarge`, `Malformed`
 */
export function readCanonical(bytes: Uint8Array, cap: number): Json {
  if (bytes.length > cap)
    throw new CustodyError('TooLarge', `a document holds at most ${cap} bytes, not ${bytes.length}`)
  let text: string
  let value: Json
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw new CustodyError('Malformed', 'the document is not JSON in UTF-8')
  }
  // First, as it is what looks at the depth.
  const encoded = canonical(value)
  refuseFloats(value)
  if (encoded !== text)
    throw new CustodyError(
      'Malformed',
      'the document is not canonical (RFC 8785): encode it anew and sign that',
    )
  return value
}

function refuseFloats(value: Json): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new CustodyError('Malformed', 'a document holds integers only, up to 2^53 - 1')
  if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) refuseFloats(item)
}

/** SHA-256 of a canonical document, by which approvals and log entries name it. 32 bytes. */
export function digest(document: string | Uint8Array): Buffer {
  return createHash('sha256').update(document).digest()
}
