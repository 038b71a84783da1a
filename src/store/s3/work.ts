import type { Address } from '../store.ts'
import { readDocument } from './answers.ts'
import { alarmed, type Connection } from './connection.ts'
import type { Field } from './object-headers.ts'
import { type Answer, refusalInside } from './refusal.ts'
import { encode, encodeKey } from './targets.ts'
import type { XmlElement } from './xml.ts'

/** Copy and Complete, which the store works on after it has begun to answer. */

/**
 * The document of such an answer. The store sends 200 and white space to keep the connection, and may find
 * only then that it must refuse.
 */
export function readWorkDone(answer: Answer, root: string, connection: Connection): XmlElement {
  const refused = refusalInside(answer)
  if (refused !== undefined) throw alarmed(connection, refused)
  return readDocument(answer, root)
}

export function copySource({ bucket, key, versionId }: Address): Field {
  const version = versionId === undefined ? '' : `?versionId=${encode(versionId)}`
  return ['x-amz-copy-source', `/${encode(bucket)}/${encodeKey(key)}${version}`]
}
