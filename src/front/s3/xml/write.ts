import { percentEncoded, utf8Octets } from '../forms/octets.ts'

/** An element: its name and what is in it. `undefined` leaves the element out. */
export type XmlNode = readonly [name: string, content: XmlContent]
export type XmlContent = string | number | boolean | readonly XmlNode[] | undefined

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A document as S3 writes it, in UTF-8. Errors alone carry no namespace. */
export const xmlDocument = (root: string, content: readonly XmlNode[] | string, namespace?: string): Buffer =>
  Buffer.from(XML_DECLARATION + xmlElement(root, content, namespace), 'utf8')

export function xmlElement(name: string, content: readonly XmlNode[] | string, namespace?: string): string {
  const opening = namespace === undefined ? name : `${name} xmlns="${namespace}"`
  return `<${opening}>${typeof content === 'string' ? escaped(content) : nodes(content)}</${name}>`
}

function nodes(content: readonly XmlNode[]): string {
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
