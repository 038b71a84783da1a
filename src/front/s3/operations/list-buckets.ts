import { sendXml } from '../answer.ts'
import type { Call, Operation } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import { isoTime } from '../forms/times.ts'
import { ownerNode } from './page.ts'

const MAX_BUCKETS = 10_000

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html: those that the sender has a grant on */
export const listBuckets: Operation = {
  name: 'ListBuckets',
  method: 'GET',
  on: 'service',
  query: ['max-buckets', 'continuation-token', 'prefix', 'bucket-region'],
  run,
}

async function run(call: Call): Promise<void> {
  const { query, objects } = call
  const limit = readLimit(query.get('max-buckets'))
  const prefix = query.get('prefix') ?? ''
  const token = query.get('continuation-token') ?? ''
  const rest = (await objects.listBuckets())
    .filter(({ name }) => call.may({ action: 'any', bucket: name }))
    .filter(({ name }) => name.startsWith(prefix) && name > token)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const page = rest.slice(0, limit)
  const id = call.caller.accessKeyId ?? 'anonymous'
  await sendXml(call, 'ListAllMyBucketsResult', [
    ownerNode('Owner', { id, displayName: id }),
    [
      'Buckets',
      page.map(({ name, created }) => [
        'Bucket',
        [
          ['Name', name],
          ['CreationDate', isoTime(created)],
          ['BucketRegion', call.settings.region],
        ],
      ]),
    ],
    ['ContinuationToken', rest.length > limit ? page.at(-1)?.name : undefined],
    ['Prefix', prefix || undefined],
  ])
}

function readLimit(value: string | undefined): number {
  if (value === undefined || value === '') return MAX_BUCKETS
  const number = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (number >= 1 && number <= MAX_BUCKETS) return number
  throw invalidArgument('max-buckets', value, 'Argument max-buckets must be an integer between 1 and 10000.')
}
