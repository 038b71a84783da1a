import { invalidArgument, S3Error } from '../errors.ts'
import { utf8Decoded } from './octets.ts'

/** The fields of an HTML form for a POST, up to the file. */
export interface FormHead {
  /** Names in lower case, values as octets (latin1). */
  readonly fields: ReadonlyMap<string, string>
  readonly filename: string
  /** Offset of the file's first byte. */
  readonly fileStart: number
}

/** Bytes that all fields of a form together may take, as at S3 20 KB for what is no file. */
export const MAX_FORM_HEAD = 24 * 1024

/**
 * Reads the boundary of a form from its Content-Type.
 * @throws S3Error PreconditionFailed where it is no form, MalformedPOSTRequest
 */
export function readBoundary(contentType: string | undefined): string {
  const [type, ...parameters] = (contentType ?? '').split(';').map(piece => piece.trim())
  if (type?.toLowerCase() !== 'multipart/form-data')
    throw new S3Error('PreconditionFailed', undefined, {
      details: { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
    })
  const boundary = parameters
    .map(parameter => /^boundary=(?:"([^"]+)"|(\S+))$/i.exec(parameter))
    .map(match => match?.[1] ?? match?.[2])
    .find(found => found !== undefined)
  // RFC 2046 5.1.1: at most 70 characters.
  if (boundary === undefined || boundary.length > 70) throw new S3Error('MalformedPOSTRequest')
  return boundary
}

/** How a part ends: the line break before the boundary belongs to it (RFC 2046 5.1.1). */
export const delimiterOf = (boundary: string): Buffer => Buffer.from(`\r\n--${boundary}`, 'latin1')

/**
 * Reads the parts of a form until its file begins.
 * @returns undefined where more bytes are needed
 * @throws S3Error MalformedPOSTRequest, InvalidArgument where there is no file
 */
export function readFormHead(bytes: Buffer, boundary: string): FormHead | undefined {
  const delimiter = delimiterOf(boundary)
  const fields = new Map<string, string>()
  let at = delimiter.length - 2
  if (bytes.length < at + 2) return undefined
  if (!bytes.subarray(0, at).equals(delimiter.subarray(2))) throw malformed()
  for (;;) {
    const end = bytes.toString('latin1', at, at + 2)
    if (end.length < 2) return undefined
    // S3 gives back `0` for what it did not find.
    if (end === '--') throw invalidArgument('file', '0', 'POST requires exactly one file upload per request.')
    if (end !== '\r\n') throw malformed()
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd < 0) return undefined
    const { name, filename } = readDisposition(bytes.toString('latin1', at + 2, headEnd))
    const start = headEnd + 4
    if (name === 'file' || filename !== undefined)
      return { fields, filename: filename ?? '', fileStart: start }
    // An empty value ends with the line break that ended its head.
    const valueEnd = bytes.indexOf(delimiter, start - 2)
    if (valueEnd < 0) return undefined
    add(fields, name, bytes.toString('latin1', start, Math.max(start, valueEnd)))
    at = valueEnd + delimiter.length
  }
}

/** User metadata that stands twice is joined; of other fields the last one counts. */
function add(fields: Map<string, string>, name: string, value: string): void {
  const before = fields.get(name)
  fields.set(name, before !== undefined && name.startsWith('x-amz-meta-') ? `${before},${value}` : value)
}

/** RFC 7578 4.2. */
function readDisposition(head: string): { name: string; filename: string | undefined } {
  const line = head.split('\r\n').find(each => /^content-disposition:/i.test(each))
  const parameters = line === undefined ? undefined : /^[^:]*:\s*form-data((?:;.*)?)$/i.exec(line)?.[1]
  if (parameters === undefined) throw malformed()
  const name = parameterOf(parameters, 'name')
  if (!name) throw malformed()
  return { name: name.toLowerCase(), filename: parameterOf(parameters, 'filename') }
}

function parameterOf(parameters: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(parameters)
  const octets = match?.[1]?.replaceAll(/\\(.)/g, '$1') ?? match?.[2]
  return octets === undefined ? undefined : (utf8Decoded(octets) ?? octets)
}

const malformed = () => new S3Error('MalformedPOSTRequest')
