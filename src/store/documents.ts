/**
 * Sub-resources that are one opaque document each: the store reads them, Treuhand carries them. The name is
 * the query key of the S3 request. Nothing outside this list passes.
 */
export const DOCUMENTS = [
  'policy',
  'policyStatus',
  'ownershipControls',
  'publicAccessBlock',
  'website',
  'notification',
  'encryption',
  'logging',
  'accelerate',
  'requestPayment',
  'acl',
] as const
export type DocumentName = (typeof DOCUMENTS)[number]

/** The documents that S3 lets a client delete. */
export type DeletableDocument =
  | 'policy'
  | 'ownershipControls'
  | 'publicAccessBlock'
  | 'website'
  | 'encryption'

/** Where a document hangs. An object has none but its `acl`. */
export interface DocumentPlace {
  readonly bucket: string
  readonly key?: string
  readonly versionId?: string
}

/** Request headers that are part of putting a document: an ACL may come in headers alone. */
export const DOCUMENT_HEADERS = [
  'x-amz-acl',
  'x-amz-grant-read',
  'x-amz-grant-write',
  'x-amz-grant-read-acp',
  'x-amz-grant-write-acp',
  'x-amz-grant-full-control',
  'x-amz-confirm-remove-self-bucket-access',
  'x-amz-skip-destination-validation',
] as const
export type DocumentHeader = (typeof DOCUMENT_HEADERS)[number]

export interface NewDocument {
  /** JSON for `policy`, XML for the others; at most 64 KiB. Absent where headers say it all. */
  readonly text?: string
  readonly headers: Readonly<Partial<Record<DocumentHeader, string>>>
}
