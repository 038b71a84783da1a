import type { DefaultRetention, LockConfiguration, Retention, RetentionMode } from '../../../store/lock.ts'
import { sendNothing, sendXml } from '../answer.ts'
import { readDocument } from '../body/document.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { bypassesGovernance } from '../forms/conditions.ts'
import { isoTime, readIsoTime } from '../forms/times.ts'
import type { XmlElement } from '../xml/read.ts'
import type { XmlNode } from '../xml/write.ts'

/** "Locking objects with Object Lock", Amazon S3 User Guide: its default retention is 100 years at most. */
const MAX_DAYS = 36_500
const MAX_YEARS = 100

const SENTENCES = {
  AccessDenied: 'Access Denied because object protected by object lock.',
  InvalidRequest: 'Bucket is missing Object Lock Configuration',
} as const

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export const getLockConfiguration: Operation = {
  name: 'GetObjectLockConfiguration',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['object-lock'] },
  action: 'configure',
  async run(call) {
    const { defaultRetention } = await call.objects.store.getLockConfiguration(
      call.objects.storeBucket(call.bucket),
    )
    await sendXml(call, 'ObjectLockConfiguration', [
      ['ObjectLockEnabled', 'Enabled'],
      ['Rule', defaultRetention && [['DefaultRetention', defaultNodes(defaultRetention)]]],
    ])
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html */
export const putLockConfiguration: Operation = {
  name: 'PutObjectLockConfiguration',
  method: 'PUT',
  on: 'bucket',
  selector: { query: ['object-lock'] },
  action: 'configure',
  sentences: {
    InvalidBucketState: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
  },
  async run(call) {
    const configuration = readConfiguration(await readDocument(call, 'ObjectLockConfiguration'))
    await call.objects.store.putLockConfiguration(call.objects.storeBucket(call.bucket), configuration)
    await sendNothing(call, 200)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export const getRetention: Operation = {
  name: 'GetObjectRetention',
  method: 'GET',
  on: 'object',
  selector: { query: ['retention'] },
  query: ['versionId'],
  action: 'read',
  sentences: SENTENCES,
  async run(call) {
    const { mode, until } = await call.objects.store.getRetention(at(call))
    await sendXml(call, 'Retention', [
      ['Mode', mode],
      ['RetainUntilDate', isoTime(until)],
    ])
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export const putRetention: Operation = {
  name: 'PutObjectRetention',
  method: 'PUT',
  on: 'object',
  selector: { query: ['retention'] },
  query: ['versionId'],
  action: 'write',
  sentences: SENTENCES,
  async run(call) {
    const retention = readRetention(await readDocument(call, 'Retention', 'MalformedXML'), call.now)
    await call.objects.store.putRetention(at(call), retention, bypassesGovernance(call.headers))
    await sendNothing(call, 200)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export const getLegalHold: Operation = {
  name: 'GetObjectLegalHold',
  method: 'GET',
  on: 'object',
  selector: { query: ['legal-hold'] },
  query: ['versionId'],
  action: 'read',
  sentences: SENTENCES,
  async run(call) {
    const held = await call.objects.store.getLegalHold(at(call))
    await sendXml(call, 'LegalHold', [['Status', held ? 'ON' : 'OFF']])
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export const putLegalHold: Operation = {
  name: 'PutObjectLegalHold',
  method: 'PUT',
  on: 'object',
  selector: { query: ['legal-hold'] },
  query: ['versionId'],
  action: 'write',
  sentences: SENTENCES,
  async run(call) {
    const status = (await readDocument(call, 'LegalHold', 'MalformedXML')).textOf('Status')
    if (status !== 'ON' && status !== 'OFF') throw new S3Error('MalformedXML')
    await call.objects.store.putLegalHold(at(call), status === 'ON')
    await sendNothing(call, 200)
  },
}

const at = (call: ObjectCall) => call.objects.address(nameOf(call))

const defaultNodes = ({ mode, period }: DefaultRetention): readonly XmlNode[] => [
  ['Mode', mode],
  'days' in period ? ['Days', period.days] : ['Years', period.years],
]

/** @throws S3Error MalformedXML, InvalidArgument */
function readConfiguration(document: XmlElement): LockConfiguration {
  if (document.textOf('ObjectLockEnabled') !== 'Enabled') throw new S3Error('MalformedXML')
  const rule = document.child('Rule')?.child('DefaultRetention')
  if (!rule) return {}
  const days = rule.textOf('Days')
  const years = rule.textOf('Years')
  if ((days === undefined) === (years === undefined)) throw new S3Error('MalformedXML')
  const period =
    days === undefined
      ? { years: readPeriod('Years', years ?? '', MAX_YEARS) }
      : { days: readPeriod('Days', days, MAX_DAYS) }
  return { defaultRetention: { mode: readMode(rule.textOf('Mode')), period } }
}

function readPeriod(name: 'Days' | 'Years', value: string, most: number): number {
  if (!/^-?\d{1,9}$/.test(value)) throw new S3Error('MalformedXML')
  if (Number(value) <= 0)
    throw invalidArgument(name, value, 'Default retention period must be a positive integer value.')
  if (Number(value) > most) throw invalidArgument(name, value, 'Default retention period too large.')
  return Number(value)
}

/** An empty document takes the retention away. */
function readRetention(document: XmlElement, now: Date): Retention | undefined {
  if (document.children.length === 0) return undefined
  const date = document.textOf('RetainUntilDate') ?? ''
  const until = readIsoTime(date)
  if (!until) throw new S3Error('MalformedXML')
  const mode = readMode(document.textOf('Mode'))
  if (until <= now)
    throw invalidArgument(
      'x-amz-object-lock-retain-until-date',
      date,
      'The retain until date must be in the future!',
    )
  return { mode, until }
}

function readMode(mode: string | undefined): RetentionMode {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw new S3Error('MalformedXML')
  return mode
}
