import type { Call } from '../call.ts'
import { S3Error } from '../errors.ts'
import { readXml, type XmlElement } from '../xml/read.ts'
import { plainBody } from './plain-body.ts'
import { readSmallBody } from './small-body.ts'

/** What the settings of a bucket or object may take at most. */
const MAX_DOCUMENT = 64 * 1024

/**
 * Reads the text of a sub-resource that a request carries.
 * @throws S3Error MissingRequestBodyError, MaxMessageLengthExceeded, and for digests that do not match
 */
export async function readText({ request, headers, caller }: Call): Promise<Buffer> {
  const bytes = await readSmallBody(plainBody(request.body, headers, caller), MAX_DOCUMENT)
  if (bytes.length === 0) throw new S3Error('MissingRequestBodyError')
  return bytes
}

/** @throws S3Error as `readText`, and MalformedXML */
export async function readDocument(call: Call, root: string): Promise<XmlElement> {
  return readXml(await readText(call), root)
}
