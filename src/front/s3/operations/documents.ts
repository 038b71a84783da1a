import type { DocumentOf } from '../../../objects/documents.ts'
import {
  type DeletableDocument,
  DOCUMENT_HEADERS,
  type DocumentHeader,
  type DocumentName,
  type NewDocument,
} from '../../../store/documents.ts'
import { requestFields, sendNothing } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { readSmallBody } from '../body/small-body.ts'
import { type BucketCall, nameOf, type Operation, type Sentences } from '../call.ts'
import { S3Error } from '../errors.ts'
import { checkBucketPolicy } from '../forms/bucket-policy.ts'
import { checkOwnership } from '../forms/ownership.ts'
import { checkWebsite } from '../forms/website.ts'
import { readXml } from '../xml/read.ts'

const MAX_DOCUMENT = 64 * 1024

/**
 * Sub-resources that are one document each: the store reads and keeps them, the front carries them, after it
 * has seen that they are of their kind. What they allow at the store widens nothing here.
 */
interface Document {
  readonly name: DocumentName
  /** As S3 names the operations: `Get…`, `Put…`, `Delete…`. */
  readonly title: string
  /** The root element; absent for JSON. */
  readonly root?: string
  readonly writable: boolean
  /** What S3 answers to a PUT that succeeded. */
  readonly written?: 200 | 204
  readonly sentences?: Sentences
}

const ACL_SENTENCES = {
  InvalidArgument: 'Invalid id',
  InvalidRequest: 'Specifying both Canned ACLs and Header Grants is not allowed.',
} as const

const BUCKET_DOCUMENTS: readonly Document[] = [
  {
    name: 'policy',
    title: 'BucketPolicy',
    writable: true,
    written: 204,
  },
  { name: 'policyStatus', title: 'BucketPolicyStatus', root: 'PolicyStatus', writable: false },
  { name: 'acl', title: 'BucketAcl', root: 'AccessControlPolicy', writable: true, sentences: ACL_SENTENCES },
  { name: 'ownershipControls', title: 'BucketOwnershipControls', root: 'OwnershipControls', writable: true },
  {
    name: 'publicAccessBlock',
    title: 'PublicAccessBlock',
    root: 'PublicAccessBlockConfiguration',
    writable: true,
  },
  { name: 'website', title: 'BucketWebsite', root: 'WebsiteConfiguration', writable: true },
  {
    name: 'notification',
    title: 'BucketNotificationConfiguration',
    root: 'NotificationConfiguration',
    writable: true,
  },
  {
    name: 'encryption',
    title: 'BucketEncryption',
    root: 'ServerSideEncryptionConfiguration',
    writable: true,
  },
  { name: 'logging', title: 'BucketLogging', root: 'BucketLoggingStatus', writable: true },
  {
    name: 'accelerate',
    title: 'BucketAccelerateConfiguration',
    root: 'AccelerateConfiguration',
    writable: true,
  },
  {
    name: 'requestPayment',
    title: 'BucketRequestPayment',
    root: 'RequestPaymentConfiguration',
    writable: true,
  },
]
const OBJECT_ACL: Document = { name: 'acl', title: 'ObjectAcl', root: 'AccessControlPolicy', writable: true }

const DELETABLE: readonly DeletableDocument[] = [
  'policy',
  'ownershipControls',
  'publicAccessBlock',
  'website',
  'encryption',
]

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
export const DOCUMENT_OPERATIONS: readonly Operation[] = [
  ...BUCKET_DOCUMENTS.flatMap(document => bucketOperations(document)),
  {
    ...ofDocument(OBJECT_ACL, 'Get'),
    on: 'object',
    method: 'GET',
    query: ['versionId'],
    run: call => sendDocument(call, OBJECT_ACL, nameOf(call)),
  },
  {
    ...ofDocument(OBJECT_ACL, 'Put'),
    on: 'object',
    method: 'PUT',
    query: ['versionId'],
    run: call => takeDocument(call, OBJECT_ACL, nameOf(call)),
  },
]

function bucketOperations(document: Document): readonly Operation[] {
  const operations: Operation[] = [
    {
      ...ofDocument(document, 'Get'),
      on: 'bucket',
      method: 'GET',
      run: call => sendDocument(call, document, { bucket: call.bucket }),
    },
  ]
  if (document.writable)
    operations.push({
      ...ofDocument(document, 'Put'),
      on: 'bucket',
      method: 'PUT',
      run: call => takeDocument(call, document, { bucket: call.bucket }),
    })
  const deletable = DELETABLE.find(name => name === document.name)
  if (deletable)
    operations.push({
      ...ofDocument(document, 'Delete'),
      on: 'bucket',
      method: 'DELETE',
      async run(call) {
        await call.objects.store.deleteDocument(call.objects.storeBucket(call.bucket), deletable)
        await sendNothing(call, 204)
      },
    })
  return operations
}

function ofDocument(document: Document, verb: 'Get' | 'Put' | 'Delete') {
  return {
    name: verb + document.title,
    selector: { query: [document.name] },
    action: 'configure' as const,
    ...(document.sentences && { sentences: document.sentences }),
  }
}

async function sendDocument(call: BucketCall, document: Document, of: DocumentOf): Promise<void> {
  const bytes = Buffer.from(await call.objects.getDocument(of, document.name), 'utf8')
  // An adversary wrote it: what is not of its kind does not pass.
  if (!isOfItsKind(bytes, document)) throw new S3Error('ServiceUnavailable')
  const type = document.root ? 'application/xml' : 'application/json'
  await call.reply.send(200, [...requestFields(call.requestId), ['content-type', type]], bytes)
}

async function takeDocument(call: BucketCall, document: Document, of: DocumentOf): Promise<void> {
  const { request, headers, caller, objects } = call
  const bytes = await readSmallBody(plainBody(request.body, headers, caller), MAX_DOCUMENT)
  const fields = readFields(call)
  if (document.name === 'acl') checkAcl(bytes, fields)
  else check(bytes, document)
  const put: NewDocument = { headers: fields, ...(bytes.length > 0 && { text: bytes.toString('utf8') }) }
  await objects.putDocument(of, document.name, put)
  await sendNothing(call, document.written ?? 200)
}

/** @throws S3Error MissingRequestBodyError, and what S3 has against the document */
function check(bytes: Buffer, { name, root }: Document): void {
  if (name === 'policy') {
    checkBucketPolicy(bytes.toString('utf8'))
    return
  }
  if (bytes.length === 0) throw new S3Error('MissingRequestBodyError')
  const document = readXml(bytes, root ?? '')
  if (name === 'website') checkWebsite(document)
  if (name === 'ownershipControls') checkOwnership(document)
}

/**
 * An ACL comes as a document, or as a canned one, or as grants in fields: as one of them. Of the last two
 * together the store speaks, since a bucket that takes no ACLs at all is to say so first.
 * @throws S3Error MalformedACLError, UnexpectedContent, MissingSecurityHeader
 */
function checkAcl(bytes: Buffer, fields: NewDocument['headers']): void {
  const canned = fields['x-amz-acl'] !== undefined
  const granted = Object.keys(fields).some(name => name.startsWith('x-amz-grant-'))
  if (bytes.length > 0) {
    if (!isOfItsKind(bytes, OBJECT_ACL)) throw new S3Error('MalformedACLError')
    if (canned || granted) throw new S3Error('UnexpectedContent')
  } else if (!canned && !granted) {
    throw new S3Error('MissingSecurityHeader')
  }
}

function isOfItsKind(bytes: Uint8Array, { root }: Document): boolean {
  try {
    if (root) readXml(bytes, root)
    else JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return true
  } catch {
    return false
  }
}

function readFields({ headers }: BucketCall): NewDocument['headers'] {
  const fields: Partial<Record<DocumentHeader, string>> = {}
  for (const name of DOCUMENT_HEADERS) {
    const value = headers.get(name)
    if (value) fields[name] = value
  }
  return fields
}
