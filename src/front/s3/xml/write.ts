import { percentEncoded, utf8Octets } from '../forms/octets.ts'

/** An element: its name and what is in it. `undefined` leaves the element out. */
export type XmlNode = readonly [name: string, content: XmlContent]
/** Elements may be made one by one, while they are written: then those of a long listing never live at once. */
export type XmlContent = string | number | boolean | Iterable<XmlNode> | undefined

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** Elements that follow each other. */
export function* inTurn(...runs: Iterable<XmlNode>[]): Generator<XmlNode> {
  for (const run of runs) yield* run
}

/**
 * A document as S3 writes it, in UTF-8. Errors alone carry no namespace. Each of the root's elements becomes bytes
 * at once: a listing whose elements live until its end costs twice as much, in garbage collection.
 */
export function xmlDocument(root: string, content: Iterable<XmlNode> | string, namespace?: string): Buffer {
  const bytes = new GrowingText()
  bytes.add(`${XML_DECLARATION}<${opening(root, namespace)}>`)
  if (typeof content === 'string') bytes.add(escaped(content))
  else for (const node of content) bytes.add(nodes([node]))
  bytes.add(`</${root}>`)
  return bytes.utf8()
}

export const xmlElement = (name: string, content: Iterable<XmlNode>, namespace?: string): string =>
  `<${opening(name, namespace)}>${nodes(content)}</${name}>`

const opening = (name: string, namespace: string | undefined): string =>
  namespace === undefined ? name : `${name} xmlns="${namespace}"`

function nodes(content: Iterable<XmlNode>): string {
  let text = ''
  for (const [name, value] of content) {
    if (value === undefined) continue
    text += `<${name}>${inner(value)}</${name}>`
  }
  return text
}

function inner(value: Exclude<XmlContent, undefined>): string {
  if (typeof value === 'string') return escaped(value)
  return typeof value === 'object' ? nodes(value) : String(value)
}

/** Text that is kept as UTF-8, in memory that doubles where it does not suffice. */
class GrowingText {
  #memory = Buffer.allocUnsafe(4 * 1024)
  #length = 0

  add(text: string): void {
    // A UTF-16 code unit takes three bytes of UTF-8 at most.
    const needed = this.#length + 3 * text.length
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#memory.length))
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    this.#length += this.#memory.write(text, this.#length, 'utf8')
  }

  utf8(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }
}

/**
 * Control characters go as numeric references, the way S3 writes them. Those that XML 1.0 does not have cannot
 * be read back by every parser, which is why S3 has `encoding-type=url`.
 */
export function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text
  return text.replace(SPECIALS, character => {
    const named = ENTITIES[character]
    return named ?? `&#x${character.charCodeAt(0).toString(16)};`
  })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
const SPECIAL = /[&<>"\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]/
const SPECIALS = new RegExp(SPECIAL, 'g')
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/**
 * How a listing writes names where the client asked for `encoding-type=url`: percent-encoded, slashes as they
 * are, spaces as `+`.
 */
export const urlEncodedName = (name: string): string =>
  percentEncoded(utf8Octets(name)).replaceAll('%2F', '/').replaceAll('%20', '+')
