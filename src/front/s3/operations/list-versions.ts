import type { ListedDeleteMarker, ListedVersion } from '../../../store/store.ts'
import { sendXml } from '../answer.ts'
import type { BucketCall, Operation } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import { quoted } from '../forms/etag.ts'
import { isoTime } from '../forms/times.ts'
import type { XmlNode } from '../xml/write.ts'
import { askedNodes, checksumKindNodes, ownerNode, type Page, prefixNodes, readPage } from './page.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export const listVersions: Operation = {
  name: 'ListObjectVersions',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['versions'] },
  action: 'list',
  prefixParameter: 'prefix',
  query: ['prefix', 'delimiter', 'max-keys', 'encoding-type', 'key-marker', 'version-id-marker'],
  run,
}

async function run(call: BucketCall): Promise<void> {
  const { query, objects, bucket } = call
  const page = readPage(call, 'max-keys', true)
  const keyMarker = query.get('key-marker') ?? ''
  const versionMarker = query.get('version-id-marker')
  if (versionMarker !== undefined && keyMarker === '')
    throw invalidArgument(
      'version-id-marker',
      versionMarker,
      'A version-id marker cannot be specified without a key marker.',
    )
  const { names, name } = page
  const listing = await objects.listVersions(bucket, {
    ...names,
    limit: page.limit,
    ...(keyMarker && { keyMarker }),
    ...(versionMarker && { versionMarker }),
  })
  await sendXml(call, 'ListVersionsResult', [
    ['Name', bucket],
    ...askedNodes(page),
    ['KeyMarker', name(keyMarker)],
    ['VersionIdMarker', versionMarker ?? ''],
    ['NextKeyMarker', listing.nextKey === undefined ? undefined : name(listing.nextKey)],
    ['NextVersionIdMarker', listing.nextVersion],
    ['MaxKeys', page.limit],
    ['IsTruncated', listing.truncated],
    ...inOrder(listing.versions, listing.deleteMarkers).map(entry => entryNode(entry, name)),
    ...prefixNodes(listing.prefixes, name),
  ])
}

type Entry = ListedVersion | ListedDeleteMarker

/** As S3 lists them: by key, and of one key the newest first. */
function inOrder(
  versions: readonly ListedVersion[],
  markers: readonly ListedDeleteMarker[],
): readonly Entry[] {
  return [...versions, ...markers].sort(
    (a, b) =>
      Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) ||
      Number(b.latest) - Number(a.latest) ||
      b.lastModified.getTime() - a.lastModified.getTime(),
  )
}

function entryNode(entry: Entry, name: Page['name']): XmlNode {
  const common: XmlNode[] = [
    ['Key', name(entry.key)],
    ['VersionId', entry.versionId],
    ['IsLatest', entry.latest],
    ['LastModified', isoTime(entry.lastModified)],
    ...(entry.owner ? [ownerNode('Owner', entry.owner)] : []),
  ]
  if (!('length' in entry)) return ['DeleteMarker', common]
  return [
    'Version',
    [
      ...common,
      ['ETag', quoted(entry.etag)],
      ...checksumKindNodes(entry),
      ['Size', entry.length],
      ['StorageClass', entry.storageClass ?? 'STANDARD'],
    ],
  ]
}
