import type { Headers } from '../../wire/exchange.ts'
import { StoreUnavailable } from '../errors.ts'
import {
  type Attributes,
  type DeleteConditions,
  type NewObject,
  OBJECT_ATTRIBUTES,
  OBJECT_SETTINGS,
  type ReadConditions,
  type StoredHead,
  type StoreRange,
  type WriteConditions,
} from '../store.ts'

/** Objects as S3 writes them in headers: built from types on the way out, by an allow-list on the way in. */

export type Field = readonly [name: string, value: string]

const METADATA = 'x-amz-meta-'

export function newObjectFields({ metadata, contentDisposition, settings }: NewObject): Field[] {
  const fields: Field[] = [['content-type', 'application/octet-stream']]
  for (const [name, value] of Object.entries(metadata)) fields.push([METADATA + name, value])
  if (contentDisposition !== undefined) fields.push(['content-disposition', contentDisposition])
  for (const name of OBJECT_SETTINGS) {
    const value = settings[name]
    if (value !== undefined) fields.push([name, value])
  }
  return fields
}

export function readConditionFields(conditions: ReadConditions): Field[] {
  return conditionFields('', conditions)
}

export function writeConditionFields(conditions: WriteConditions): Field[] {
  return conditionFields('', conditions)
}

export function copySourceConditionFields(conditions: ReadConditions): Field[] {
  return conditionFields('x-amz-copy-source-', conditions)
}

export function deleteFields(conditions: DeleteConditions, bypassGovernance = false): Field[] {
  const fields: Field[] = []
  if (conditions.ifMatch !== undefined) fields.push(['if-match', quoted(conditions.ifMatch)])
  if (conditions.ifMatchLastModified !== undefined)
    fields.push(['x-amz-if-match-last-modified-time', conditions.ifMatchLastModified])
  if (conditions.ifMatchSize !== undefined) fields.push(['x-amz-if-match-size', `${conditions.ifMatchSize}`])
  if (bypassGovernance) fields.push(BYPASS_GOVERNANCE)
  return fields
}

export const BYPASS_GOVERNANCE: Field = ['x-amz-bypass-governance-retention', 'true']

function conditionFields(prefix: string, conditions: ReadConditions): Field[] {
  const fields: Field[] = []
  if (conditions.ifMatch !== undefined) fields.push([`${prefix}if-match`, quoted(conditions.ifMatch)])
  if (conditions.ifNoneMatch !== undefined)
    fields.push([`${prefix}if-none-match`, quoted(conditions.ifNoneMatch)])
  if (conditions.ifModifiedSince !== undefined)
    fields.push([`${prefix}if-modified-since`, conditions.ifModifiedSince.toUTCString()])
  if (conditions.ifUnmodifiedSince !== undefined)
    fields.push([`${prefix}if-unmodified-since`, conditions.ifUnmodifiedSince.toUTCString()])
  return fields
}

/** `*` stands as it is, an ETag in quotes. */
const quoted = (etag: string): string => (etag === '*' ? etag : `"${etag}"`)

/** `Range` of RFC 9110 14.1.2. */
export function rangeField(range: StoreRange): Field {
  if ('suffix' in range) return ['range', `bytes=-${range.suffix}`]
  return ['range', `bytes=${range.first}-${range.last ?? ''}`]
}

/**
 * An object's description from the headers of HEAD or GET.
 * @param length bytes of the whole object
 * @throws StoreUnavailable `protocol` where a header is missing or not of its form
 */
export function readStoredHead(headers: Headers, length: number): StoredHead {
  // A coding here would mean that the bytes are not the ones we wrote; some stores keep the name of our framing.
  const coding = headers.get('content-encoding') ?? 'identity'
  if (coding !== 'identity' && coding !== 'aws-chunked') throw broken('Content-Encoding')
  const contentDisposition = headers.get('content-disposition')
  return {
    length,
    etag: readETag(headers.get('etag')),
    lastModified: readHttpDate(headers.get('last-modified')),
    metadata: readMetadata(headers),
    ...(contentDisposition !== undefined && { contentDisposition }),
    attributes: readAttributes(headers),
  }
}

function readMetadata(headers: Headers): Record<string, string> {
  const entries = headers.pairs
    .filter(([name]) => name.startsWith(METADATA))
    .map(([name]) => [name.slice(METADATA.length), headers.get(name)!] as const)
  return Object.fromEntries(entries)
}

export function readAttributes(headers: Headers): Attributes {
  const attributes: Partial<Record<(typeof OBJECT_ATTRIBUTES)[number], string>> = {}
  for (const name of OBJECT_ATTRIBUTES) {
    const value = headers.get(name)
    if (value !== undefined) attributes[name] = value
  }
  return attributes
}

export function readVersionId(headers: Headers): string | undefined {
  return headers.get('x-amz-version-id')
}

/** An ETag without its quotes. */
export function readETag(value: string | undefined): string {
  const etag = /^"?([\x21\x23-\x7e]{1,256})"?$/.exec(value ?? '')
  if (etag === null) throw broken('ETag')
  return etag[1]!
}

/** Decimal digits that are exact as a number. */
export function readLength(value: string | undefined, field: string): number {
  if (value === undefined || !/^\d{1,15}$/.test(value)) throw broken(field)
  return Number(value)
}

/**
 * Which bytes of the object a 206 holds, and how many the object has (RFC 9110 14.4).
 * @param length of the body
 */
export function readContentRange(
  value: string | undefined,
  length: number,
): { first: number; last: number; of: number } {
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(value ?? '')
  if (range === null) throw broken('Content-Range')
  const [first, last, of] = [Number(range[1]), Number(range[2]), Number(range[3])]
  if (first > last || last >= of || last - first + 1 !== length) throw broken('Content-Range')
  return { first, last, of }
}

/** IMF-fixdate (RFC 9110 5.6.7). */
export function readHttpDate(value: string | undefined): Date {
  const date = new Date(value !== undefined && IMF_FIXDATE.test(value) ? value : Number.NaN)
  if (Number.isNaN(date.getTime())) throw broken('Last-Modified')
  return date
}
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

const broken = (field: string) => new StoreUnavailable('protocol', `its ${field} is missing or malformed`)
