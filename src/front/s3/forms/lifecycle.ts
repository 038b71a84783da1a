import type {
  Expiration,
  LifecycleRule,
  LifecycleScope,
  NoncurrentExpiration,
  NoncurrentTransition,
  Transition,
} from '../../../store/lifecycle.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import type { XmlElement } from '../xml/read.ts'
import type { XmlNode } from '../xml/write.ts'
import { readIsoTime } from './times.ts'

/** "Setting an S3 Lifecycle configuration on a bucket", Amazon S3 User Guide. */
const MAX_RULES = 1000
const MAX_ID = 255

/**
 * Reads a `LifecycleConfiguration`.
 * @throws S3Error MalformedXML, InvalidArgument
 */
export function readLifecycle(document: XmlElement): readonly LifecycleRule[] {
  const rules = document.all('Rule').map(readRule)
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformed()
  const ids = rules.flatMap(({ id }) => id ?? [])
  if (new Set(ids).size < ids.length)
    throw invalidArgument('ID', '', 'Rule ID must be unique. Found same ID for more than one rule.')
  return rules
}

function readRule(rule: XmlElement): LifecycleRule {
  const id = rule.textOf('ID')
  if (id !== undefined && id.length > MAX_ID)
    throw invalidArgument('ID', id, `ID length should not exceed allowed limit of ${MAX_ID}`)
  const status = rule.textOf('Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed()
  const expiration = rule.child('Expiration')
  const noncurrent = rule.child('NoncurrentVersionExpiration')
  const abort = rule.child('AbortIncompleteMultipartUpload')
  const transitions = rule.all('Transition').map(readTransition)
  const noncurrentTransitions = rule.all('NoncurrentVersionTransition').map(readNoncurrentTransition)
  if (!expiration && !noncurrent && !abort && transitions.length + noncurrentTransitions.length === 0)
    throw new S3Error('InvalidRequest', 'At least one action needs to be specified in a rule.')
  return {
    ...(id && { id }),
    enabled: status === 'Enabled',
    scope: readScope(rule),
    ...(expiration && { expiration: readExpiration(expiration) }),
    ...(noncurrent && { noncurrentExpiration: readNoncurrent(noncurrent) }),
    ...(abort && { abortUploadsAfterDays: readDays(abort, 'DaysAfterInitiation') }),
    ...(transitions.length > 0 && { transitions }),
    ...(noncurrentTransitions.length > 0 && { noncurrentTransitions }),
  }
}

function readScope(rule: XmlElement): LifecycleScope {
  const filter = rule.child('Filter')
  const prefix = rule.textOf('Prefix')
  if (!filter) {
    if (prefix === undefined) throw malformed()
    return { form: 'prefix', prefix }
  }
  if (prefix !== undefined) throw malformed()
  const and = filter.child('And')
  if (!and && filter.children.length > 1) throw malformed()
  const conditions = and ?? filter
  const tags = conditions
    .all('Tag')
    .map(tag => ({ key: required(tag, 'Key'), value: required(tag, 'Value') }))
  const itsPrefix = conditions.textOf('Prefix')
  const largerThan = readSize(conditions, 'ObjectSizeGreaterThan')
  const smallerThan = readSize(conditions, 'ObjectSizeLessThan')
  return {
    form: and ? 'and' : 'filter',
    ...(itsPrefix !== undefined && { prefix: itsPrefix }),
    ...(tags.length > 0 && { tags }),
    ...(largerThan !== undefined && { largerThan }),
    ...(smallerThan !== undefined && { smallerThan }),
  }
}

function readExpiration(expiration: XmlElement): Expiration {
  if (expiration.children.length !== 1) throw malformed()
  if (expiration.child('Days')) return { days: readDays(expiration, 'Days') }
  if (expiration.child('Date')) return { date: readDate(expiration) }
  const markers = expiration.textOf('ExpiredObjectDeleteMarker')
  if (markers !== 'true' && markers !== 'false') throw malformed()
  return { expiredDeleteMarkers: markers === 'true' }
}

function readTransition(transition: XmlElement): Transition {
  const storageClass = required(transition, 'StorageClass')
  const date = transition.child('Date')
  if ((date === undefined) === (transition.child('Days') === undefined)) throw malformed()
  return date
    ? { storageClass, date: readDate(transition) }
    : { storageClass, days: readDays(transition, 'Days', 0) }
}

function readNoncurrent(element: XmlElement): NoncurrentExpiration {
  const keep = element.child('NewerNoncurrentVersions')
  return {
    days: readDays(element, 'NoncurrentDays'),
    ...(keep && { keep: readDays(element, 'NewerNoncurrentVersions') }),
  }
}

const readNoncurrentTransition = (element: XmlElement): NoncurrentTransition => ({
  ...readNoncurrent(element),
  storageClass: required(element, 'StorageClass'),
})

function readDays(parent: XmlElement, name: string, least = 1): number {
  const value = required(parent, name)
  if (!/^-?\d{1,9}$/.test(value)) throw malformed()
  if (Number(value) < least)
    throw invalidArgument(name, value, `'${name}' for ${parent.name} action must be a positive integer`)
  return Number(value)
}

/** Midnight in UTC, or nothing that S3 takes. */
function readDate(parent: XmlElement): Date {
  const value = required(parent, 'Date')
  const date = readIsoTime(value) ?? readIsoTime(`${value}T00:00:00Z`)
  if (!date) throw malformed()
  if (date.getTime() % 86_400_000 !== 0)
    throw invalidArgument('Date', value, `'Date' must be at midnight GMT`)
  return date
}

function readSize(parent: XmlElement, name: string): number | undefined {
  const value = parent.textOf(name)
  if (value === undefined) return undefined
  if (!/^\d{1,15}$/.test(value)) throw malformed()
  return Number(value)
}

function required(parent: XmlElement, name: string): string {
  const text = parent.textOf(name)
  if (text === undefined) throw malformed()
  return text
}

const malformed = () => new S3Error('MalformedXML')

/** The elements of a `LifecycleConfiguration`. */
export const lifecycleNodes = (rules: readonly LifecycleRule[]): readonly XmlNode[] =>
  rules.map(rule => [
    'Rule',
    [
      ['ID', rule.id],
      scopeNode(rule.scope),
      ['Status', rule.enabled ? 'Enabled' : 'Disabled'],
      ['Expiration', rule.expiration && expirationNodes(rule.expiration)],
      ...(rule.transitions ?? []).map(transitionNode),
      [
        'NoncurrentVersionExpiration',
        rule.noncurrentExpiration && noncurrentNodes(rule.noncurrentExpiration),
      ],
      ...(rule.noncurrentTransitions ?? []).map(
        (transition): XmlNode => [
          'NoncurrentVersionTransition',
          [...noncurrentNodes(transition), ['StorageClass', transition.storageClass]],
        ],
      ),
      [
        'AbortIncompleteMultipartUpload',
        rule.abortUploadsAfterDays === undefined
          ? undefined
          : [['DaysAfterInitiation', rule.abortUploadsAfterDays]],
      ],
    ],
  ])

function scopeNode({ form, prefix, tags = [], largerThan, smallerThan }: LifecycleScope): XmlNode {
  if (form === 'prefix') return ['Prefix', prefix ?? '']
  const conditions: XmlNode[] = [
    ['Prefix', prefix],
    ...tags.map(
      ({ key, value }): XmlNode => [
        'Tag',
        [
          ['Key', key],
          ['Value', value],
        ],
      ],
    ),
    ['ObjectSizeGreaterThan', largerThan],
    ['ObjectSizeLessThan', smallerThan],
  ]
  return ['Filter', form === 'and' ? [['And', conditions]] : conditions]
}

function expirationNodes(expiration: Expiration): readonly XmlNode[] {
  if ('days' in expiration) return [['Days', expiration.days]]
  if ('date' in expiration) return [['Date', expiration.date.toISOString()]]
  return [['ExpiredObjectDeleteMarker', expiration.expiredDeleteMarkers]]
}

const transitionNode = (transition: Transition): XmlNode => [
  'Transition',
  [
    'days' in transition ? ['Days', transition.days] : ['Date', transition.date.toISOString()],
    ['StorageClass', transition.storageClass],
  ],
]

const noncurrentNodes = ({ days, keep }: NoncurrentExpiration): readonly XmlNode[] => [
  ['NoncurrentDays', days],
  ['NewerNoncurrentVersions', keep],
]
