import type { DocumentName, DocumentPlace, NewDocument } from '../store/documents.ts'
import type { ObjectName } from './object.ts'
import type { Room } from './room.ts'

/** Where a document hangs, by the application's names. */
export type DocumentOf = Pick<ObjectName, 'bucket' | 'versionId'> & { readonly key?: string }

/** A document with the application's names of buckets. Elsewhere the store has it as it was put. */
export async function getDocument(room: Room, of: DocumentOf, name: DocumentName): Promise<string> {
  const text = await room.store.getDocument(placeOf(room, of), name)
  return renamed(name, text, bucket => room.buckets.toLogical(bucket) ?? bucket)
}

/** @throws StoreError NoSuchBucket where the document names a bucket that no application has */
export async function putDocument(
  room: Room,
  of: DocumentOf,
  name: DocumentName,
  document: NewDocument,
): Promise<void> {
  const { text } = document
  await room.store.putDocument(placeOf(room, of), name, {
    ...document,
    ...(text !== undefined && { text: renamed(name, text, bucket => room.buckets.toStore(bucket)) }),
  })
}

const placeOf = (room: Room, { bucket, key, versionId }: DocumentOf): DocumentPlace => ({
  bucket: room.buckets.toStore(bucket),
  ...(key !== undefined && { key }),
  ...(versionId !== undefined && { versionId }),
})

/** What stands before and behind a bucket's name, in the documents that name one. */
const NAMES: Partial<Record<DocumentName, RegExp>> = {
  // "Amazon S3 resources" of the Service Authorization Reference: arn:aws:s3:::bucket, arn:aws:s3:::bucket/key
  policy: /(?<="arn:aws:s3:::)[a-z0-9.-]+(?=["/*?])/g,
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_LoggingEnabled.html
  logging: /(?<=<(?:\w+:)?TargetBucket>)[a-z0-9.-]+(?=<)/g,
}

/**
 * A name is replaced where it stands, and the rest of the text stays as it was written. A name in another spelling
 * (`\u0061`, `&#97;`) is not found, and means to the store what it says: a policy about another bucket is refused.
 */
function renamed(name: DocumentName, text: string, rename: (bucket: string) => string): string {
  const pattern = NAMES[name]
  return pattern === undefined ? text : text.replace(pattern, rename)
}
