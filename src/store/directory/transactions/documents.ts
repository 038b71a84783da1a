import type { DeletableDocument, DocumentName, DocumentPlace, NewDocument } from '../../documents.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { OWNER } from '../owner.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from './find-bucket.ts'
import { keyBytes, type Transaction } from './transaction.ts'
import { findObject } from './versions.ts'

/**
 * A directory store has one owner and grants nothing to anybody else. So it keeps what says just that, or cannot widen
 * it, and refuses what it would not carry out: a policy that is stored and not obeyed is worse than none.
 */

const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/'

const OWNER_XML = `<ID>${OWNER.id}</ID><DisplayName>${OWNER.displayName}</DisplayName>`
const OWN_ACL = `<?xml version="1.0" encoding="UTF-8"?>
<AccessControlPolicy xmlns="${XMLNS}"><Owner>${OWNER_XML}</Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${OWNER_XML}</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`

const OWN_OWNERSHIP = `<?xml version="1.0" encoding="UTF-8"?>
<OwnershipControls xmlns="${XMLNS}"><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`

const OWN_PAYMENT = `<?xml version="1.0" encoding="UTF-8"?>
<RequestPaymentConfiguration xmlns="${XMLNS}"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>`

/** ACLs by header that say what holds anyhow. */
const OWN_ACLS = ['private', 'bucket-owner-full-control']

export function getDocument(sql: Sql, place: DocumentPlace, name: DocumentName): string {
  const bucket = findBucket(sql, place.bucket)
  if (place.key !== undefined) findObject(sql, bucket, keyBytes(place.key), place.versionId)
  if (name === 'acl') return OWN_ACL
  if (name === 'ownershipControls') return OWN_OWNERSHIP
  if (name === 'requestPayment') return OWN_PAYMENT
  if (name !== 'publicAccessBlock') throw refuse('NotImplemented')
  const row = sql.get`SELECT text FROM document WHERE bucket = ${bucket.id} AND name = ${name}`
  if (row === undefined) throw refuse('NoSuchPublicAccessBlockConfiguration')
  return row['text'] as string
}

export function putDocument(
  { sql }: Transaction,
  { place, name, document }: { place: DocumentPlace; name: DocumentName; document: NewDocument },
): void {
  const bucket = findBucket(sql, place.bucket)
  if (place.key !== undefined) findObject(sql, bucket, keyBytes(place.key), place.versionId)
  if (saysWhatHolds(name, document)) return
  // Nothing is public here, so that whatever it blocks is blocked.
  if (name !== 'publicAccessBlock' || document.text === undefined) throw refuse('NotImplemented')
  sql.run`INSERT OR REPLACE INTO document (bucket, name, text) VALUES (${bucket.id}, ${name}, ${document.text})`
}

function saysWhatHolds(name: DocumentName, { text, headers }: NewDocument): boolean {
  if (name === 'acl') return text === undefined && OWN_ACLS.includes(headers['x-amz-acl'] ?? '')
  if (name === 'ownershipControls')
    return text !== undefined && /<ObjectOwnership>\s*BucketOwnerEnforced\s*</.test(text)
  return name === 'requestPayment' && text !== undefined && /<Payer>\s*BucketOwner\s*</.test(text)
}

export function deleteDocument(
  { sql }: Transaction,
  { bucket: name, name: document }: { bucket: string; name: DeletableDocument },
): void {
  const bucket = findBucket(sql, name)
  if (document !== 'publicAccessBlock') throw refuse('NotImplemented')
  sql.run`DELETE FROM document WHERE bucket = ${bucket.id} AND name = ${document}`
}
