import { invalidArgument, S3Error } from '../errors.ts'
import { readBasicTime } from '../forms/times.ts'
import type { Authenticated, Authority } from './authenticate.ts'
import { ALGORITHM } from './authorization.ts'
import { checkPostPolicy, type PostedForm, readPostPolicy } from './post-policy.ts'
import { readScope } from './scope.ts'
import { hexBytes, sameSignature, signature } from './signature.ts'

/** What a signed form must carry; any of them makes it one. */
const FIELDS = ['policy', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature'] as const

/** A form may be sent for an hour after it was signed, as versitygw's suite has it. */
const HOUR = 60 * 60_000

/**
 * Verifies who let a form be sent, and that it is as they allowed it ("Authenticating Requests: Browser-Based
 * Uploads Using POST", Amazon S3 API Reference): the signature is of the policy alone.
 *
 * @throws S3Error
 */
export async function authenticateForm(
  form: PostedForm,
  authority: Authority,
  now: Date,
): Promise<Authenticated> {
  const { fields } = form
  if (!FIELDS.some(name => fields.has(name))) return anonymously(authority)
  const missing = FIELDS.find(name => !fields.has(name))
  if (missing !== undefined) throw missingField(missing)
  const [policy = '', algorithm = '', credential = '', time = '', given = ''] = FIELDS.map(name =>
    fields.get(name),
  )
  if (algorithm !== ALGORITHM)
    throw invalidArgument('X-Amz-Algorithm', algorithm, 'Only AWS4-HMAC-SHA256 is supported')
  const signedAt = readBasicTime(time)
  if (!signedAt)
    throw invalidArgument('X-Amz-Date', time, 'X-Amz-Date must be formated via ISO8601 Long format')
  if (now.getTime() - signedAt.getTime() > HOUR)
    throw new S3Error('AccessDenied', 'Invalid according to Policy: Policy expired.')
  const scope = readScope(credential, authority.region, why =>
    invalidArgument('x-amz-credential', credential, why),
  )
  const key = await authority.accessKeys.find(scope.accessKeyId, scope)
  if (!key)
    throw new S3Error('InvalidAccessKeyId', undefined, { details: { AWSAccessKeyId: scope.accessKeyId } })
  if (fields.has('x-amz-security-token')) throw new S3Error('InvalidToken')
  if (!sameSignature(signature(authority.signingKeys.of(key, scope), policy), given))
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      details: {
        AWSAccessKeyId: key.id,
        StringToSign: policy,
        SignatureProvided: given,
        StringToSignBytes: hexBytes(policy),
      },
    })
  checkPostPolicy(readPostPolicy(policy), form, now)
  return { identity: key, accessKeyId: key.id, payload: { kind: 'unsigned' } }
}

function anonymously({ anonymous }: Authority): Authenticated {
  if (!anonymous) throw new S3Error('AccessDenied')
  return { identity: anonymous, payload: { kind: 'unsigned' } }
}

export const missingField = (name: string): S3Error =>
  invalidArgument(
    name,
    '',
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  )
