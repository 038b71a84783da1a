import { StoreUnavailable } from '../errors.ts'
import type { Owner, Tag } from '../store.ts'
import type { XmlElement } from './xml-element.ts'

/** The forms that S3's answer documents share, each checked before it is believed to be one. */

export function readCount(element: XmlElement): number {
  if (!/^\d{1,15}$/.test(element.text)) throw broken(`<${element.name}> is no number`)
  return Number(element.text)
}

export function readBoolean(element: XmlElement | undefined): boolean {
  if (element === undefined) return false
  const value = element.text.toLowerCase()
  if (value !== 'true' && value !== 'false') throw broken(`<${element.name}> is neither true nor false`)
  return value === 'true'
}

/** ISO 8601 in UTC, as S3 writes it. */
export function readDate(element: XmlElement): Date {
  const date = new Date(ISO_DATE.test(element.text) ? element.text : Number.NaN)
  if (Number.isNaN(date.getTime())) throw broken(`<${element.name}> is no date`)
  return date
}
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]00:?00)$/

export function readOwner(element: XmlElement | undefined): Owner | undefined {
  if (element === undefined) return undefined
  const displayName = element.optional('DisplayName')?.text
  return { id: element.optional('ID')?.text ?? '', ...(displayName !== undefined && { displayName }) }
}

export function readTagSet(element: XmlElement): Tag[] {
  return element.all('Tag').map(tag => ({ key: tag.one('Key').text, value: tag.one('Value').text }))
}

export const broken = (why: string) => new StoreUnavailable('protocol', `its answer is refused: ${why}`)
