import { XMLParser } from 'fast-xml-parser'
import { S3Error } from '../errors.ts'

/** An element of a document that a client sent. Names are without their prefix, attributes are dropped. */
export class XmlElement {
  readonly name: string
  readonly children: readonly XmlElement[]
  readonly text: string

  constructor(name: string, children: readonly XmlElement[], text: string) {
    this.name = name
    this.children = children
    this.text = text
  }

  all(name: string): readonly XmlElement[] {
    return this.children.filter(child => child.name === name)
  }

  /** @throws S3Error MalformedXML where it stands twice */
  child(name: string): XmlElement | undefined {
    const found = this.all(name)
    if (found.length > 1) throw malformed()
    return found[0]
  }

  /** The text of a child; undefined where there is none. */
  textOf(name: string): string | undefined {
    return this.child(name)?.text
  }
}

const MAX_DEPTH = 16
const CDATA = '#cdata'

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  // References are decoded here, strictly: the library would keep or drop what it does not know.
  processEntities: false,
  cdataPropName: CDATA,
  maxNestedTags: MAX_DEPTH,
})

/**
 * Reads a client's document. It must be well-formed UTF-8 XML without document type, and no deeper than S3's
 * documents are; the size was capped when it was read.
 *
 * @throws S3Error MalformedXML
 */
export function readXml(bytes: Uint8Array, root: string): XmlElement {
  const element = parsed(decoded(bytes))
  if (element.name !== root) throw malformed()
  return element
}

function decoded(bytes: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed()
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 2.2 does not have them
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw malformed()
  // The parser drops text around the root.
  if (!text.trimEnd().endsWith('>')) throw malformed()
  // No document type: it is what entities are declared in.
  if (/<!(?!--|\[CDATA\[)/.test(text)) throw malformed()
  if (/^<\?xml[^>]*encoding=(?!["'](utf-8|us-ascii)["'])/i.test(text)) throw malformed()
  return text
}

type ParsedNode = Readonly<Record<string, unknown>>

function parsed(text: string): XmlElement {
  let nodes: readonly ParsedNode[]
  try {
    nodes = parser.parse(text, true)
  } catch {
    throw malformed()
  }
  const roots = elements(nodes, 0)
  if (roots.length !== 1) throw malformed()
  return roots[0]!
}

function elements(nodes: readonly ParsedNode[], depth: number): readonly XmlElement[] {
  if (depth > MAX_DEPTH) throw malformed()
  return nodes.flatMap(node =>
    Object.entries(node)
      .filter(([name]) => name !== '#text' && name !== CDATA && name !== ':@' && !name.startsWith('?'))
      .map(([name, content]) => {
        const children = content as readonly ParsedNode[]
        return new XmlElement(name, elements(children, depth + 1), textIn(children))
      }),
  )
}

function textIn(nodes: readonly ParsedNode[]): string {
  let text = ''
  for (const node of nodes) {
    const plain = node['#text']
    if (typeof plain === 'string') text += dereferenced(plain)
    const cdata = node[CDATA] as readonly ParsedNode[] | undefined
    for (const piece of cdata ?? []) text += String(piece['#text'] ?? '')
  }
  return text
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** XML 1.0 4.1: the five names of 4.6 and numbers of characters that XML has; nothing else is declared. */
function dereferenced(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&([^;&]*;?)/g, (_, reference: string) => {
    const name = reference.endsWith(';') ? reference.slice(0, -1) : ''
    const character = NAMED[name] ?? numbered(name)
    if (character === undefined) throw malformed()
    return character
  })
}

function numbered(name: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name)
  if (!match) return undefined
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16)
  const isCharacter =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}

const malformed = () => new S3Error('MalformedXML')
