import type { DocumentName, NewDocument } from '../documents.ts'
import { OWNER } from './owner.ts'
import type { RefusalCode } from './refusals.ts'

/**
 * A directory store has one owner and grants nothing to anybody else. So it keeps what says just that, or cannot widen
 * it, and refuses what it would not carry out: a policy that is stored and not obeyed is worse than none. What is
 * not there, it says as S3 does, for tools that read every setting of a bucket before they change one.
 */
interface Treatment {
  /** What a GET says while nothing was put. */
  readonly unset: { readonly text: string } | { readonly code: RefusalCode }
  /** Whether a PUT asks for no more than what holds here anyhow. */
  readonly holds: (document: NewDocument) => boolean
  /** Whether what was put is given back; where not, the unset text says it already. */
  readonly kept: boolean
  /** Deleting it changes nothing but what is given back. */
  readonly deletable: boolean
}

const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/'
const document = (root: string, content: string) => ({
  text: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${XMLNS}">${content}</${root}>`,
})

const OWNER_XML = `<ID>${OWNER.id}</ID><DisplayName>${OWNER.displayName}</DisplayName>`
const OWN_GRANT = `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${OWNER_XML}</Grantee><Permission>FULL_CONTROL</Permission></Grant>`

/** ACLs by header that say what holds anyhow. */
const OWN_ACLS = ['private', 'bucket-owner-full-control']

const never = () => false
const says =
  (pattern: RegExp) =>
  ({ text = '' }: NewDocument) =>
    pattern.test(text)
/** The root element with nothing in it: a setting that is turned off. */
const isEmpty = says(/^(<\?xml[^>]*\?>)?\s*<(\w+)[^<>]*(\/>|>\s*<\/\2>)\s*$/)
const encrypts = says(/<SSEAlgorithm>\s*(AES256|aws:kms|aws:kms:dsse)\s*</)
const namesKey = says(/KMSMasterKeyID/)

const TREATMENTS: Readonly<Record<DocumentName, Treatment>> = {
  policy: { unset: { code: 'NoSuchBucketPolicy' }, holds: never, kept: false, deletable: true },
  policyStatus: { unset: { code: 'NoSuchBucketPolicy' }, holds: never, kept: false, deletable: false },
  acl: {
    unset: document(
      'AccessControlPolicy',
      `<Owner>${OWNER_XML}</Owner><AccessControlList>${OWN_GRANT}</AccessControlList>`,
    ),
    holds: ({ text, headers }) => text === undefined && OWN_ACLS.includes(headers['x-amz-acl'] ?? ''),
    kept: false,
    deletable: false,
  },
  ownershipControls: {
    unset: document(
      'OwnershipControls',
      '<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>',
    ),
    holds: says(/<ObjectOwnership>\s*BucketOwnerEnforced\s*</),
    kept: false,
    deletable: false,
  },
  // Nothing is public here, so that whatever it blocks is blocked.
  publicAccessBlock: {
    unset: { code: 'NoSuchPublicAccessBlockConfiguration' },
    holds: ({ text }) => text !== undefined,
    kept: true,
    deletable: true,
  },
  website: { unset: { code: 'NoSuchWebsiteConfiguration' }, holds: never, kept: false, deletable: true },
  notification: {
    unset: document('NotificationConfiguration', ''),
    holds: isEmpty,
    kept: false,
    deletable: false,
  },
  // Whatever comes here is sealed, under keys that are not the bucket's to choose.
  encryption: {
    unset: { code: 'ServerSideEncryptionConfigurationNotFoundError' },
    holds: asked => encrypts(asked) && !namesKey(asked),
    kept: true,
    deletable: true,
  },
  logging: { unset: document('BucketLoggingStatus', ''), holds: isEmpty, kept: false, deletable: false },
  accelerate: {
    unset: document('AccelerateConfiguration', ''),
    holds: says(/<Status>\s*Suspended\s*</),
    kept: false,
    deletable: false,
  },
  requestPayment: {
    unset: document('RequestPaymentConfiguration', '<Payer>BucketOwner</Payer>'),
    holds: says(/<Payer>\s*BucketOwner\s*</),
    kept: false,
    deletable: false,
  },
}

export const treatmentOf = (name: DocumentName): Treatment => TREATMENTS[name]
