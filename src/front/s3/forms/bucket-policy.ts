import { isIP } from 'node:net'
import { S3Error } from '../errors.ts'
import { isPolicyAction } from './policy-actions.ts'

/**
 * Checks a bucket policy as far as its text tells ("Policies and permissions in Amazon S3"; sentences as
 * versitygw's suite has observed them). Who its principals are, and whether its resources are the bucket's and fit
 * its actions, is for the store to say. A policy steers the store; here it opens nothing.
 *
 * @throws S3Error MalformedPolicy
 */
export function checkBucketPolicy(text: string): void {
  if (!text.startsWith('{')) throw malformed("Policies must be valid JSON and the first byte must be '{'")
  const policy = object(parse(text))
  const statements = policy['Statement']
  if (statements === undefined) throw malformed('Missing required field Statement')
  if (!Array.isArray(statements)) throw malformed(INVALID)
  const read = statements.map(readStatement)
  if (read.length === 0) throw malformed('Could not parse the policy: Statement is empty!')
  const version = policy['Version'] ?? '2008-10-17'
  if (version !== '2008-10-17' && version !== '2012-10-17')
    throw malformed('The policy must contain a valid version string')
  for (const statement of read) checkStatement(statement)
}

interface Statement {
  readonly effect: unknown
  readonly principals: readonly string[]
  readonly actions: readonly string[]
  readonly condition: unknown
}

const INVALID = 'This policy contains invalid Json'
const ARN = 'arn:aws:s3:::'

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(INVALID)
  }
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(INVALID)
  return value as Record<string, unknown>
}

function readStatement(value: unknown): Statement {
  const statement = object(value)
  const principal = statement['Principal']
  const named =
    typeof principal === 'object' && principal !== null && 'AWS' in principal ? principal.AWS : principal
  const principals = list(named, 'Invalid principal in policy')
  const actions = list(statement['Action'], 'Policy has invalid action')
  if (!actions.every(isPolicyAction)) throw malformed('Policy has invalid action')
  const resources = list(statement['Resource'], 'Policy has invalid resource')
  if (!resources.every(resource => resource.startsWith(ARN) && /^[^/]/.test(resource.slice(ARN.length))))
    throw malformed('Policy has invalid resource')
  return {
    effect: statement['Effect'],
    principals,
    actions,
    condition: statement['Condition'],
  }
}

/** One string or several; neither an empty one nor none. */
function list(value: unknown, sentence: string): readonly string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  if (values.length === 0 || values[0] === '' || values[0] === undefined) throw malformed(sentence)
  if (!values.every(each => typeof each === 'string')) throw malformed(INVALID)
  return values
}

function checkStatement({ effect, principals, actions, condition }: Statement): void {
  if (effect !== 'Allow' && effect !== 'Deny')
    throw malformed(`Invalid effect: ${typeof effect === 'string' ? effect : JSON.stringify(effect)}`)
  if (principals.includes('*') && principals.length > 1) throw malformed('Invalid principal in policy')
  checkCondition(condition, actions)
}

const OPERATOR =
  /^(ForAllValues:|ForAnyValue:)?(Null|(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|Arn(Not)?(Equals|Like)|(Not)?IpAddress)(IfExists)?)$/

const LISTING = ['s3:ListBucket', 's3:ListBucketVersions']
const ACL = ['s3:PutObject', 's3:PutBucketAcl', 's3:PutObjectAcl']
const VERSIONED = [
  's3:GetObjectVersion',
  's3:DeleteObjectVersion',
  's3:GetObjectVersionAttributes',
  's3:GetObjectVersionTagging',
  's3:PutObjectVersionTagging',
  's3:DeleteObjectVersionTagging',
]

/** Condition keys in lower case, and the actions they apply to; all where none are named. */
const CONDITION_KEYS = new Map<string, readonly string[] | undefined>([
  ...[
    'sourceip',
    'currenttime',
    'epochtime',
    'securetransport',
    'useragent',
    'referer',
    'principalarn',
    'username',
    'userid',
    'multifactorauthage',
  ].map(key => [`aws:${key}`, undefined] as const),
  ...['prefix', 'delimiter', 'max-keys'].map(key => [`s3:${key}`, LISTING] as const),
  ['s3:x-amz-acl', ACL],
  ['s3:versionid', VERSIONED],
])

function checkCondition(condition: unknown, actions: readonly string[]): void {
  if (condition === undefined || condition === null) return
  for (const [operator, keys] of Object.entries(object(condition))) {
    if (!OPERATOR.test(operator)) throw malformed(`Invalid Condition type : ${operator}`)
    for (const [name, values] of Object.entries(object(keys))) checkKey(name.toLowerCase(), values, actions)
  }
}

function checkKey(name: string, values: unknown, actions: readonly string[]): void {
  if (!CONDITION_KEYS.has(name)) throw malformed('Policy has an invalid condition key')
  const appliesTo = CONDITION_KEYS.get(name)
  const named = actions.filter(action => !/[*?]/.test(action))
  if (appliesTo && named.some(action => !appliesTo.includes(action)))
    throw malformed('Conditions do not apply to combination of actions and resources in statement')
  if (name !== 'aws:sourceip') return
  const addresses: unknown[] = Array.isArray(values) ? values : [values]
  if (!addresses.every(isBlock)) throw malformed('Invalid IP address in Conditions')
}

/** An address, or a block of them. */
function isBlock(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const [address = '', bits, ...more] = value.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

const malformed = (sentence: string) => new S3Error('MalformedPolicy', sentence)
