import { brokenXml as broken, XmlElement } from './xml-element.ts'
import { characters } from './xml-references.ts'
import { XmlShape } from './xml-shape.ts'

/**
 * Reads the XML that a store answers with, as the hostile input it is. Taken is what S3 writes and no more:
 * one declaration, elements, attributes (read over), character data with the five named and the numeric
 * references. A document type, processing instruction, comment, CDATA section, mixed content or text that is
 * not XML 1.0 breaks the protocol. Time is linear in the length, depth is capped, nothing is ever fetched.
 *
 * Of our own since fast-xml-parser takes 16 ms for a listing of 1,000 keys, more than a store takes to make
 * it, and lets pass what is refused here unless each check is put before it.
 */

const MAX_DEPTH = 8
/** A listing of 1,000 versions holds about 12,000 elements. */
const MAX_ELEMENTS = 50_000
/** Entries come with and without a checksum, an owner, and as delete markers. */
const MAX_SHAPES = 6

/**
 * The root element of an answer.
 * @param take is shown each child of the root as it was read, and says whether it has done with it: such a child
 *   is not kept. The seven thousand elements of a listing cost more in garbage collection than in reading, where
 *   they all live until its end
 * @throws StoreUnavailable `protocol`
 */
export function readXml(bytes: Uint8Array, take = (_child: XmlElement) => false): XmlElement {
  return new Reader(decode(bytes), take).document()
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw broken('it is not UTF-8')
  }
}

const DECLARATION = /^\s*(?:<\?xml(?:\s[^<>?]*)?\?>)?\s*/
// Attribute values are quoted, so a `>` inside one does not end the tag.
const START_TAG =
  /<([A-Za-z_][A-Za-z0-9_.:-]*)(?:\s+[A-Za-z_][A-Za-z0-9_.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y
// XML 1.0 section 2.2, for what stands in the text itself. Line ends are left as they came: a key may hold CR.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not come
const NOT_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/
const SLASH = 0x2f
const BLANK = /^[ \t\r\n]*$/
const isBlank = (text: string): boolean => text === '' || BLANK.test(text)

const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]*$/

class Reader {
  readonly #text: string
  readonly #take: (child: XmlElement) => boolean
  #at = 0
  #elements = 0
  /** Of the root's children so far. */
  readonly #shapes: XmlShape[] = []
  /** Names that were read before, with their end tags: a listing of thousands of elements has a dozen. */
  readonly #endTags = new Map<string, string>()

  constructor(text: string, take: (child: XmlElement) => boolean) {
    this.#text = text
    this.#take = take
  }

  document(): XmlElement {
    if (NOT_XML.test(this.#text)) throw broken('it holds a character that XML does not know')
    this.#at = DECLARATION.exec(this.#text)![0].length
    const root = this.#element(1)
    if (!isBlank(this.#text.slice(this.#at))) throw broken('something stands behind its root element')
    return root
  }

  #element(depth: number): XmlElement {
    if (depth > MAX_DEPTH) throw broken(`elements are nested deeper than ${MAX_DEPTH}`)
    this.#count(1)
    const { name, empty } = this.#startTag()
    if (empty) return new XmlElement(name, '', [])

    const children: XmlElement[] = []
    let text = this.#textBeforeTag()
    let isLeaf = true
    while (this.#text.charCodeAt(this.#at + 1) !== SLASH) {
      if (!isBlank(text)) throw broken(`<${name}> mixes text and elements`)
      isLeaf = false
      const child = depth === 1 ? this.#childOfRoot() : this.#element(depth + 1)
      if (depth > 1 || !this.#take(child)) children.push(child)
      text = this.#textBeforeTag()
    }
    const endTag = this.#endTag(name)
    if (!this.#text.startsWith(endTag, this.#at)) throw broken(`<${name}> is not closed as it was opened`)
    this.#at += endTag.length
    if (isLeaf) return new XmlElement(name, characters(text), children)
    if (!isBlank(text)) throw broken(`<${name}> mixes text and elements`)
    return new XmlElement(name, '', children)
  }

  #childOfRoot(): XmlElement {
    for (const shape of this.#shapes) {
      const found = shape.match(this.#text, this.#at)
      if (found === undefined) continue
      this.#count(shape.elements)
      this.#at = found.end
      return found.element
    }
    const child = this.#element(2)
    const shape = this.#shapes.length < MAX_SHAPES ? XmlShape.of(child) : undefined
    if (shape !== undefined) this.#shapes.push(shape)
    return child
  }

  #count(elements: number): void {
    this.#elements += elements
    if (this.#elements > MAX_ELEMENTS) throw broken(`it has more than ${MAX_ELEMENTS} elements`)
  }

  #startTag(): { name: string; empty: boolean } {
    const end = this.#text.indexOf('>', this.#at)
    const bare = this.#text.slice(this.#at + 1, end)
    if (this.#endTags.has(bare) || (end > 0 && NAME.test(bare))) {
      this.#at = end + 1
      return { name: bare, empty: false }
    }
    START_TAG.lastIndex = this.#at
    const tag = START_TAG.exec(this.#text)
    if (tag === null) throw broken(`no element begins at character ${this.#at}`)
    this.#at = START_TAG.lastIndex
    return { name: tag[1]!, empty: tag[2] === '/' }
  }

  #endTag(name: string): string {
    const known = this.#endTags.get(name)
    if (known !== undefined) return known
    const endTag = `</${name}>`
    this.#endTags.set(name, endTag)
    return endTag
  }

  #textBeforeTag(): string {
    const end = this.#text.indexOf('<', this.#at)
    if (end < 0) throw broken('it ends inside an element')
    const text = this.#text.slice(this.#at, end)
    this.#at = end
    return text
  }
}
