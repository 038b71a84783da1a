import { XmlElement } from './xml-element.ts'
import { characters } from './xml-references.ts'

/** Characters of a pattern: that of a version with owner and checksum takes 800. */
const MAX_PATTERN = 2_048

/**
 * An element without its texts: the markup that it shares with others of its kind. The entries of a listing have
 * two or three shapes among them, and one of a known shape is read by one regular expression: in a third of the
 * time, and from the second entry on, since V8 makes machine code of a pattern when it is used again, and of
 * JavaScript after thousands of rounds.
 *
 * What does not match is read element by element. What matches would have been read so as the same element, or
 * refused for the same reference: a text ends at the first `<`, and the markup is that of an element which was read.
 */
export class XmlShape {
  /** How many elements it holds, itself among them. */
  readonly elements: number
  readonly #like: XmlElement
  readonly #pattern: RegExp

  private constructor(like: XmlElement, pattern: string) {
    this.#like = like
    this.#pattern = new RegExp(pattern, 'y')
    this.elements = countOf(like)
  }

  /** The shape of an element; `undefined` where it has no children, or more than an entry of a listing has. */
  static of(element: XmlElement): XmlShape | undefined {
    if (element.children.length === 0) return undefined
    const pattern = patternOf(element)
    return pattern.length > MAX_PATTERN ? undefined : new XmlShape(element, pattern)
  }

  /** The element of this shape that begins there in the text, if one does, and where it ends. */
  match(text: string, at: number): { element: XmlElement; end: number } | undefined {
    this.#pattern.lastIndex = at
    const found = this.#pattern.exec(text)
    if (found === null) return undefined
    let group = 1
    const read = ({ name, children }: XmlElement): XmlElement =>
      children.length === 0
        ? new XmlElement(name, characters(found[group++]!), children)
        : new XmlElement(name, '', children.map(read))
    return { element: read(this.#like), end: this.#pattern.lastIndex }
  }
}

const BLANK = '[ \\t\\r\\n]*'

/** Each text of the element is a group. */
function patternOf({ name, children }: XmlElement): string {
  const tag = RegExp.escape(name)
  const content =
    children.length === 0 ? '([^<]*)' : `${children.map(child => BLANK + patternOf(child)).join('')}${BLANK}`
  return `<${tag}>${content}</${tag}>`
}

const countOf = ({ children }: XmlElement): number =>
  children.reduce((count, child) => count + countOf(child), 1)
