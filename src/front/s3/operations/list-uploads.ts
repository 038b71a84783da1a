import type { OpenUpload } from '../../../objects/list.ts'
import { sendXml } from '../answer.ts'
import type { BucketCall, Operation } from '../call.ts'
import { isoTime } from '../forms/times.ts'
import type { XmlNode } from '../xml/write.ts'
import { askedNodes, ownerNode, type Page, prefixNodes, readPage } from './page.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listUploads: Operation = {
  name: 'ListMultipartUploads',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['uploads'] },
  action: 'list',
  prefixParameter: 'prefix',
  sentences: { InvalidArgument: 'Invalid uploadId marker' },
  query: ['prefix', 'delimiter', 'max-uploads', 'encoding-type', 'key-marker', 'upload-id-marker'],
  run,
}

async function run(call: BucketCall): Promise<void> {
  const { query, objects, bucket } = call
  const page = readPage(call, 'max-uploads')
  const keyMarker = query.get('key-marker') ?? ''
  const uploadMarker = query.get('upload-id-marker') ?? ''
  const { names, name } = page
  const listing = await objects.listUploads(bucket, {
    ...names,
    limit: page.limit,
    ...(keyMarker && { keyMarker }),
    // It counts beside a key marker alone.
    ...(keyMarker && uploadMarker && { uploadMarker }),
  })
  await sendXml(call, 'ListMultipartUploadsResult', [
    ['Bucket', bucket],
    ...askedNodes(page),
    ['KeyMarker', name(keyMarker)],
    ['UploadIdMarker', uploadMarker],
    ['NextKeyMarker', listing.nextKey === undefined ? undefined : name(listing.nextKey)],
    ['NextUploadIdMarker', listing.nextUpload],
    ['MaxUploads', page.limit],
    ['IsTruncated', listing.truncated],
    ...listing.uploads.map(upload => uploadNode(upload, name)),
    ...prefixNodes(listing.prefixes, name),
  ])
}

function uploadNode(upload: OpenUpload, name: Page['name']): XmlNode {
  return [
    'Upload',
    [
      ['Key', name(upload.key)],
      ['UploadId', upload.uploadId],
      ...(upload.initiator ? [ownerNode('Initiator', upload.initiator)] : []),
      ...(upload.owner ? [ownerNode('Owner', upload.owner)] : []),
      ['StorageClass', upload.storageClass ?? 'STANDARD'],
      ['Initiated', isoTime(upload.initiated)],
      ['ChecksumAlgorithm', upload.checksum?.algorithm],
      ['ChecksumType', upload.checksum?.type],
    ],
  ]
}
