import { StoreError } from '../errors.ts'

/** Elements for the documents that requests carry: names are ours, text is escaped. */

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A whole document, in S3's namespace. */
export function xmlDocument(root: string, ...content: string[]): Buffer {
  return Buffer.from(`<${root} xmlns="${NAMESPACE}">${content.join('')}</${root}>`)
}

export function element(name: string, ...content: string[]): string {
  return `<${name}>${content.join('')}</${name}>`
}

/** @throws StoreError `MalformedXML` where the text has a character that XML 1.0 cannot carry */
export function text(name: string, value: string | number | boolean): string {
  const content = String(value)
  if (!fitsXml(content)) throw new StoreError('MalformedXML', 400)
  return element(
    name,
    content.replace(SPECIAL, c => `&#${c.charCodeAt(0)};`),
  )
}

/** `text`, or nothing where the value is absent. */
export function optionalText(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : text(name, value)
}

/** Whether XML 1.0 (section 2.2) can carry these characters at all, by whatever escape. */
export function fitsXml(content: string): boolean {
  return !NOT_XML.test(content) && content.isWellFormed()
}

// CR would be read as LF (section 2.11), the rest as markup.
const SPECIAL = /[&<>"'\r]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML has not
const NOT_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/
