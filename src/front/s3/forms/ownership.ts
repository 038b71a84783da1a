import { S3Error } from '../errors.ts'
import type { XmlElement } from '../xml/read.ts'

/** Who owns objects that others put into a bucket ("Controlling ownership of objects"). */
export const OWNERSHIPS: readonly string[] = ['BucketOwnerPreferred', 'ObjectWriter', 'BucketOwnerEnforced']

/**
 * `OwnershipControls` hold one rule.
 * @throws S3Error MalformedXML
 */
export function checkOwnership(document: XmlElement): void {
  const [rule, ...more] = document.all('Rule')
  if (more.length > 0 || !OWNERSHIPS.includes(rule?.textOf('ObjectOwnership') ?? ''))
    throw new S3Error('MalformedXML')
}
