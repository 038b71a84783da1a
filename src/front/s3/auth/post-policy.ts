import { S3Error } from '../errors.ts'
import { readIsoTime } from '../forms/times.ts'

/**
 * The policy of a form ("Creating a POST Policy", Amazon S3 API Reference): what a browser may send in the name
 * of whoever signed it. Sentences are S3's.
 */
export interface PostPolicy {
  readonly expiration: Date
  readonly conditions: readonly Condition[]
}

/** What a policy is held against. Names of fields in lower case. */
export interface PostedForm {
  readonly bucket: string
  readonly key: string
  readonly fields: ReadonlyMap<string, string>
  /** Bytes of the file. */
  readonly length: number
}

type Condition =
  | {
      readonly kind: 'eq' | 'starts-with'
      readonly field: string
      readonly value: string
      readonly text: string
    }
  | { readonly kind: 'content-length-range'; readonly least: number; readonly most: number }

/**
 * @param encoded the form's `policy`, base64
 * @throws S3Error InvalidPolicyDocument
 */
export function readPostPolicy(encoded: string): PostPolicy {
  const document = parse(encoded)
  const { expiration, conditions, ...more } = document
  if (expiration === undefined) throw invalid('Policy missing expiration.')
  if (conditions === undefined) throw invalid('Policy missing conditions.')
  const [unexpected] = Object.keys(more)
  if (unexpected !== undefined) throw invalid(`Unexpected: "${unexpected}"`)
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.")
  if (typeof expiration !== 'string') throw invalid('Invalid JSON.')
  const time = readIsoTime(expiration)
  if (!time) throw invalid(`Invalid 'expiration' value: '${expiration}'`)
  return { expiration: time, conditions: conditions.map(readCondition) }
}

function parse(encoded: string): Record<string, unknown> {
  if (encoded.trim() === '') throw invalid("Expecting '{' but found End-of-Input")
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(encoded)) throw invalid('invalid Base64 encoding.')
  try {
    const document: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64')),
    )
    if (typeof document === 'object' && document !== null && !Array.isArray(document))
      return document as Record<string, unknown>
  } catch {
    // The one sentence below is for both.
  }
  throw invalid('Invalid JSON.')
}

function readCondition(condition: unknown): Condition {
  if (Array.isArray(condition)) return readListed(condition)
  if (typeof condition !== 'object' || condition === null)
    throw invalid('Invalid condition test: must be a List or Object.')
  const [entry, ...more] = Object.entries(condition)
  if (!entry || more.length > 0)
    throw invalid('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.')
  const [field, value] = entry
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.')
  return { kind: 'eq', field: field.toLowerCase(), value, text: `["eq", "$${field}", "${value}"]` }
}

function readListed(condition: readonly unknown[]): Condition {
  const [kind, first, second] = condition
  if (kind === undefined) throw invalid('Invalid Condition: missing operation identifier.')
  if (typeof kind !== 'string') throw invalid('Invalid JSON.')
  if (kind !== 'eq' && kind !== 'starts-with' && kind !== 'content-length-range')
    throw invalid(`Invalid Condition: unknown operation '${kind}'.`)
  if (condition.length !== 3) throw invalid(`Invalid ${kind}: wrong number of arguments.`)
  const text = JSON.stringify(condition)
  if (kind === 'content-length-range') return { kind, least: readBytes(first), most: readBytes(second) }
  if (typeof first !== 'string' || !['string', 'number'].includes(typeof second))
    throw invalid('Invalid JSON.')
  if (!/^\$./.test(first)) throw failed(text)
  return { kind, field: first.slice(1).toLowerCase(), value: String(second), text }
}

function readBytes(value: unknown): number {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw invalid('Invalid JSON.')
  return number
}

/** Fields that a policy need not speak of. */
const UNCOVERED = /^(file|policy|x-amz-signature|x-ignore-.*)$/

/**
 * Holds a form against its policy: each field must be spoken of, and all that is said must hold.
 * @throws S3Error AccessDenied, EntityTooLarge, EntityTooSmall
 */
export function checkPostPolicy({ expiration, conditions }: PostPolicy, form: PostedForm, now: Date): void {
  if (expiration < now) throw denied('Policy expired.')
  const covered = new Set(conditions.flatMap(condition => ('field' in condition ? condition.field : [])))
  for (const field of form.fields.keys())
    if (!UNCOVERED.test(field) && !covered.has(field)) throw denied(`Extra input fields: ${field}`)
  for (const condition of conditions) check(condition, form)
  if (!covered.has('bucket')) throw denied('Extra input fields: bucket')
}

function check(condition: Condition, form: PostedForm): void {
  if (condition.kind === 'content-length-range') {
    const { least, most } = condition
    const details = { ProposedSize: form.length }
    if (form.length > most)
      throw new S3Error('EntityTooLarge', undefined, { details: { ...details, MaxSizeAllowed: most } })
    if (form.length < least)
      throw new S3Error('EntityTooSmall', undefined, { details: { ...details, MinSizeAllowed: least } })
    return
  }
  const value = fieldOf(condition.field, form)
  const holds = condition.kind === 'eq' ? value === condition.value : begins(value, condition)
  if (!holds) throw failed(condition.text)
}

function fieldOf(field: string, { bucket, key, fields }: PostedForm): string | undefined {
  return field === 'bucket' ? bucket : field === 'key' ? key : fields.get(field)
}

/** A list of content types must begin so in each of its entries. */
function begins(
  value: string | undefined,
  { field, value: start }: { field: string; value: string },
): boolean {
  if (value === undefined) return false
  const values = field === 'content-type' ? value.split(',').map(one => one.trim()) : [value]
  return values.every(one => one.startsWith(start))
}

const invalid = (why: string) => new S3Error('InvalidPolicyDocument', `Invalid Policy: ${why}`)
const denied = (why: string) => new S3Error('AccessDenied', `Invalid according to Policy: ${why}`)
const failed = (condition: string) => denied(`Policy Condition failed: ${condition}`)
