import type {
  Expiration,
  LifecycleRule,
  LifecycleScope,
  NoncurrentExpiration,
  NoncurrentTransition,
  Transition,
} from '../lifecycle.ts'
import type { Store } from '../store.ts'
import { readBoolean, readCount, readDate, readTagSet } from './answers.ts'
import type { Connection } from './connection.ts'
import { control } from './control.ts'
import { readXml } from './xml.ts'
import type { XmlElement } from './xml-element.ts'
import { element, optionalText, text, xmlDocument } from './xml-write.ts'

const LIFECYCLE = { lifecycle: '' }

/** Lifecycle rules, which the store carries out on its own bytes. */
export function lifecycle(
  connection: Connection,
): Pick<Store, 'getLifecycle' | 'putLifecycle' | 'deleteLifecycle'> {
  return {
    async getLifecycle(bucket) {
      const answer = await control(connection, { method: 'GET', bucket, query: LIFECYCLE })
      return readXml(answer.body).all('Rule').map(readRule)
    },

    async putLifecycle(bucket, rules) {
      const body = xmlDocument('LifecycleConfiguration', ...rules.map(writeRule))
      await control(connection, { method: 'PUT', bucket, query: LIFECYCLE, body })
    },

    async deleteLifecycle(bucket) {
      await control(connection, { method: 'DELETE', bucket, query: LIFECYCLE })
    },
  }
}

function writeRule(rule: LifecycleRule): string {
  const { id, enabled, scope, expiration, noncurrentExpiration, abortUploadsAfterDays } = rule
  return element(
    'Rule',
    optionalText('ID', id),
    writeScope(scope),
    text('Status', enabled ? 'Enabled' : 'Disabled'),
    expiration === undefined ? '' : element('Expiration', writeExpiration(expiration)),
    ...(rule.transitions ?? []).map(writeTransition),
    noncurrentExpiration === undefined
      ? ''
      : element('NoncurrentVersionExpiration', writeNoncurrent(noncurrentExpiration)),
    ...(rule.noncurrentTransitions ?? []).map(transition =>
      element(
        'NoncurrentVersionTransition',
        writeNoncurrent(transition),
        text('StorageClass', transition.storageClass),
      ),
    ),
    abortUploadsAfterDays === undefined
      ? ''
      : element('AbortIncompleteMultipartUpload', text('DaysAfterInitiation', abortUploadsAfterDays)),
  )
}

function writeScope({ form, prefix, tags = [], largerThan, smallerThan }: LifecycleScope): string {
  if (form === 'prefix') return text('Prefix', prefix ?? '')
  const conditions = [
    optionalText('Prefix', prefix),
    ...tags.map(({ key, value }) => element('Tag', text('Key', key), text('Value', value))),
    optionalText('ObjectSizeGreaterThan', largerThan),
    optionalText('ObjectSizeLessThan', smallerThan),
  ]
  return element('Filter', form === 'and' ? element('And', ...conditions) : conditions.join(''))
}

function writeExpiration(expiration: Expiration): string {
  if ('days' in expiration) return text('Days', expiration.days)
  if ('date' in expiration) return text('Date', expiration.date.toISOString())
  return text('ExpiredObjectDeleteMarker', expiration.expiredDeleteMarkers)
}

function writeTransition(transition: Transition): string {
  const when =
    'days' in transition ? text('Days', transition.days) : text('Date', transition.date.toISOString())
  return element('Transition', when, text('StorageClass', transition.storageClass))
}

function writeNoncurrent({ days, keep }: NoncurrentExpiration): string {
  return text('NoncurrentDays', days) + optionalText('NewerNoncurrentVersions', keep)
}

function readRule(rule: XmlElement): LifecycleRule {
  const id = rule.optional('ID')?.text
  const expiration = rule.optional('Expiration')
  const noncurrent = rule.optional('NoncurrentVersionExpiration')
  const abort = rule.optional('AbortIncompleteMultipartUpload')
  const transitions = rule.all('Transition').map(readTransition)
  const noncurrentTransitions = rule.all('NoncurrentVersionTransition').map(readNoncurrentTransition)
  return {
    ...(id !== undefined && { id }),
    enabled: rule.one('Status').text === 'Enabled',
    scope: readScope(rule),
    ...(expiration !== undefined && { expiration: readExpiration(expiration) }),
    ...(noncurrent !== undefined && { noncurrentExpiration: readNoncurrent(noncurrent) }),
    ...(abort !== undefined && { abortUploadsAfterDays: readCount(abort.one('DaysAfterInitiation')) }),
    ...(transitions.length > 0 && { transitions }),
    ...(noncurrentTransitions.length > 0 && { noncurrentTransitions }),
  }
}

function readScope(rule: XmlElement): LifecycleScope {
  const filter = rule.optional('Filter')
  if (filter === undefined) return { form: 'prefix', prefix: rule.optional('Prefix')?.text ?? '' }
  const and = filter.optional('And')
  const conditions = and ?? filter
  const prefix = conditions.optional('Prefix')?.text
  const tags = readTagSet(conditions)
  const larger = conditions.optional('ObjectSizeGreaterThan')
  const smaller = conditions.optional('ObjectSizeLessThan')
  return {
    form: and === undefined ? 'filter' : 'and',
    ...(prefix !== undefined && { prefix }),
    ...(tags.length > 0 && { tags }),
    ...(larger !== undefined && { largerThan: readCount(larger) }),
    ...(smaller !== undefined && { smallerThan: readCount(smaller) }),
  }
}

function readExpiration(expiration: XmlElement): Expiration {
  const days = expiration.optional('Days')
  if (days !== undefined) return { days: readCount(days) }
  const date = expiration.optional('Date')
  if (date !== undefined) return { date: readDate(date) }
  return { expiredDeleteMarkers: readBoolean(expiration.one('ExpiredObjectDeleteMarker')) }
}

function readTransition(transition: XmlElement): Transition {
  const storageClass = transition.one('StorageClass').text
  const days = transition.optional('Days')
  if (days !== undefined) return { storageClass, days: readCount(days) }
  return { storageClass, date: readDate(transition.one('Date')) }
}

function readNoncurrent(element: XmlElement): NoncurrentExpiration {
  const keep = element.optional('NewerNoncurrentVersions')
  return {
    days: readCount(element.one('NoncurrentDays')),
    ...(keep !== undefined && { keep: readCount(keep) }),
  }
}

function readNoncurrentTransition(element: XmlElement): NoncurrentTransition {
  return { ...readNoncurrent(element), storageClass: element.one('StorageClass').text }
}
