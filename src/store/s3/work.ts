import { StoreError } from '../errors.ts'
import type { Address } from '../store.ts'
import type { Connection } from './connection.ts'
import { type ControlRequest, control } from './control.ts'
import type { Field } from './object-headers.ts'
import { type Answer, readWorkDone } from './refusal.ts'
import { encode, encodeKey } from './targets.ts'
import type { XmlElement } from './xml-element.ts'

/** Copy, UploadPartCopy and Complete, which take the store as long as there are bytes. */

/** Milliseconds; S3 itself speaks of "several minutes" for Complete. */
export const WORK_LIMIT = 15 * 60_000

/** Sends such a request; the answer, and the document in it. */
export async function work(
  connection: Connection,
  request: ControlRequest,
): Promise<{ answer: Answer; result: XmlElement }> {
  try {
    const patient = { ...connection, origins: connection.patientOrigins }
    const answer = await control(patient, { ...request, patience: WORK_LIMIT })
    return { answer, result: readWorkDone(answer) }
  } catch (error) {
    // A source that was not modified is 412 (API_CopyObject, "x-amz-copy-source-if-none-match"); some say 304.
    if (error instanceof StoreError && error.code === 'NotModified')
      throw new StoreError('PreconditionFailed', 412)
    throw error
  }
}

export function copySource({ bucket, key, versionId }: Address): Field {
  const version = versionId === undefined ? '' : `?versionId=${encode(versionId)}`
  return ['x-amz-copy-source', `/${encode(bucket)}/${encodeKey(key)}${version}`]
}
