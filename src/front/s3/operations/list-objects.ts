import type { ListedObject } from '../../../store/store.ts'
import { sendXml } from '../answer.ts'
import type { BucketCall, Operation } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import { quoted } from '../forms/etag.ts'
import { isoTime } from '../forms/times.ts'
import { inTurn, type XmlNode } from '../xml/write.ts'
import { askedNodes, checksumKindNodes, ownerNode, type Page, prefixNodes, readPage } from './page.ts'

const QUERY = ['prefix', 'delimiter', 'max-keys', 'encoding-type'] as const

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: Operation = {
  name: 'ListObjects',
  method: 'GET',
  on: 'bucket',
  action: 'list',
  prefixParameter: 'prefix',
  query: [...QUERY, 'marker'],
  run: listVersion1,
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['list-type'] },
  action: 'list',
  prefixParameter: 'prefix',
  query: [...QUERY, 'continuation-token', 'start-after', 'fetch-owner'],
  run: listVersion2,
}

async function listVersion1(call: BucketCall): Promise<void> {
  const { query, objects, bucket } = call
  const page = readPage(call, 'max-keys')
  const after = query.get('marker')
  const { names, name } = page
  const listing = await objects.list(bucket, {
    version: 1,
    ...names,
    limit: page.limit,
    ...(after && { after }),
  })
  const next = listing.truncated ? listing.next : undefined
  const head: XmlNode[] = [
    ['Name', bucket],
    ...askedNodes(page),
    ['Marker', after === undefined ? undefined : name(after)],
    ['NextMarker', next === undefined ? undefined : name(next)],
    ['MaxKeys', page.limit],
    ['IsTruncated', listing.truncated],
  ]
  const entries = listing.objects.values().map(object => contentsNode(object, name, true))
  await sendXml(call, 'ListBucketResult', inTurn(head, entries, prefixNodes(listing.prefixes, name)))
}

async function listVersion2(call: BucketCall): Promise<void> {
  const { query, objects, bucket } = call
  const type = query.get('list-type') ?? ''
  if (type !== '2') throw invalidArgument('list-type', type, 'Invalid List Type specified in Request')
  const page = readPage(call, 'max-keys')
  const token = query.get('continuation-token')
  if (token === '')
    throw invalidArgument('continuation-token', '', 'The continuation token provided is incorrect')
  const after = query.get('start-after')
  const owner = query.get('fetch-owner')?.toLowerCase() === 'true'
  const { names, name } = page
  const listing = await objects.list(bucket, {
    version: 2,
    ...names,
    limit: page.limit,
    ...(after && { after }),
    ...(token !== undefined && { token }),
    owner,
  })
  const head: XmlNode[] = [
    ['Name', bucket],
    ...askedNodes(page),
    ['StartAfter', after === undefined ? undefined : name(after)],
    ['ContinuationToken', token],
    ['NextContinuationToken', listing.truncated ? listing.next : undefined],
    ['KeyCount', listing.objects.length + listing.prefixes.length],
    ['MaxKeys', page.limit],
    ['IsTruncated', listing.truncated],
  ]
  const entries = listing.objects.values().map(object => contentsNode(object, name, owner))
  await sendXml(call, 'ListBucketResult', inTurn(head, entries, prefixNodes(listing.prefixes, name)))
}

function contentsNode(object: ListedObject, name: Page['name'], owner: boolean): XmlNode {
  return [
    'Contents',
    [
      ['Key', name(object.key)],
      ['LastModified', isoTime(object.lastModified)],
      ['ETag', quoted(object.etag)],
      ...checksumKindNodes(object),
      ['Size', object.length],
      ...(owner && object.owner ? [ownerNode('Owner', object.owner)] : []),
      ['StorageClass', object.storageClass ?? 'STANDARD'],
    ],
  ]
}
