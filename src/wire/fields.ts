import type { Headers } from './exchange.ts'

/** Header fields (RFC 9112 section 5): read from a head's bytes, and written into one. */

export const MAX_FIELDS = 200

const CR = 0x0d
const LF = 0x0a
const SP = 0x20
const TAB = 0x09
const COLON = 0x3a

/** RFC 9110 5.6.2: the characters of a token. */
export const TOKEN = new Uint8Array(256)
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  TOKEN[c.charCodeAt(0)] = 1

/** RFC 9110 5.5: what a field value may hold: visible characters, obs-text, space and tab. No other control. */
const VALUE = new Uint8Array(256)
for (let c = 0; c < 256; c++) VALUE[c] = c === TAB || (c >= SP && c !== 0x7f) ? 1 : 0

export type FieldFault = 'malformed-field' | 'too-many-fields'

/**
 * Reads the field lines of a head. Refused are obs-fold, space before the colon, empty names, controls,
 * bare CR and bare LF: every reader on the way must see the same fields (RFC 9112 5.1, 5.2, 2.2).
 *
 * @param bytes a head; `bytes[from, end)` are the field lines and the empty line, ending with CR LF CR LF
 *   (CR LF alone where there is no field)
 * @param text the same head as a latin1 string
 */
export function readFields(
  bytes: Uint8Array,
  text: string,
  from: number,
  end: number,
  fault: (code: FieldFault) => Error,
): HeadFields {
  const pairs: (readonly [string, string])[] = []
  let at = from
  while (at < end - 2) {
    const nameStart = at
    while (TOKEN[bytes[at]!]) at++
    if (at === nameStart || bytes[at] !== COLON) throw fault('malformed-field')
    const name = text.slice(nameStart, at).toLowerCase()
    at++
    while (bytes[at] === SP || bytes[at] === TAB) at++
    const valueStart = at
    let valueEnd = at
    for (let c = bytes[at]!; c !== CR; c = bytes[at]!) {
      if (!VALUE[c]) throw fault('malformed-field')
      at++
      if (c !== SP && c !== TAB) valueEnd = at
    }
    if (bytes[at + 1] !== LF) throw fault('malformed-field')
    at += 2
    if (pairs.length === MAX_FIELDS) throw fault('too-many-fields')
    pairs.push([name, text.slice(valueStart, valueEnd)])
  }
  if (at !== end - 2) throw fault('malformed-field')
  return new HeadFields(pairs)
}

/** The fields of one head, in order. A head has a dozen of them: a scan is faster than an index. */
export class HeadFields implements Headers {
  readonly pairs: readonly (readonly [string, string])[]

  constructor(pairs: readonly (readonly [string, string])[]) {
    this.pairs = pairs
  }

  get(name: string): string | undefined {
    let found: string | undefined
    for (const [its, value] of this.pairs) {
      if (its === name) found = found === undefined ? value : `${found},${value}`
    }
    return found
  }

  all(name: string): readonly string[] {
    return this.pairs.filter(([its]) => its === name).map(([, value]) => value)
  }
}

/** Fields that frame a message or belong to one connection: this room writes them, and nobody else. */
const FRAMING = new Set([
  'connection',
  'content-length',
  'date',
  'host',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The field lines for a head.
 * @throws TypeError where a name or value could break the head, or a field is this room's to write: a defect of the caller
 */
export function fieldLines(fields: Iterable<readonly [name: string, value: string]>): string {
  let lines = ''
  for (const [name, value] of fields) {
    if (name === '' || !consistsOf(TOKEN, name))
      throw new TypeError('a header field has a name that is no token')
    if (FRAMING.has(name.toLowerCase()))
      throw new TypeError(`the field ${name} is written by src/wire itself`)
    if (!consistsOf(VALUE, value))
      throw new TypeError(`the value of the field ${name} cannot stand in a head`)
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

/** By its characters one by one, which for a dozen short texts a head is cheaper than expressions. */
function consistsOf(characters: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!characters[text.charCodeAt(at)]) return false
  return true
}
