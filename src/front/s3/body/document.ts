import type { Call } from '../call.ts'
import { S3Error } from '../errors.ts'
import { readXml, type XmlElement } from '../xml/read.ts'
import { plainBody } from './plain-body.ts'
import { readSmallBody } from './small-body.ts'

/** What the settings of a bucket or object may take at most. */
const MAX_DOCUMENT = 64 * 1024

/**
 * Reads the document of a sub-resource that a request carries.
 * @param ifEmpty what S3 says where there is none
 * @throws S3Error MaxMessageLengthExceeded, MalformedXML, and for digests that do not match
 */
export async function readDocument(
  { request, headers, caller }: Call,
  root: string,
  ifEmpty: 'MissingRequestBodyError' | 'MalformedXML' = 'MissingRequestBodyError',
): Promise<XmlElement> {
  const bytes = await readSmallBody(plainBody(request.body, headers, caller), MAX_DOCUMENT)
  if (bytes.length === 0) throw new S3Error(ifEmpty)
  return readXml(bytes, root)
}
