import { sendXml } from '../answer.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { quoted } from '../forms/etag.ts'
import { MAX_PAGE, readLimit } from '../forms/numbers.ts'
import { isoTime } from '../forms/times.ts'
import { ownerNode } from './page.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const listParts: Operation = {
  name: 'ListParts',
  method: 'GET',
  on: 'object',
  selector: { query: ['uploadId'] },
  action: 'write',
  query: ['max-parts', 'part-number-marker', 'encoding-type'],
  run,
}

async function run(call: ObjectCall): Promise<void> {
  const { query, bucket, key, objects, caller } = call
  const uploadId = query.get('uploadId') ?? ''
  const limit = readLimit('max-parts', query.get('max-parts'))
  const marker = query.get('part-number-marker')
  const after = marker ? readLimit('part-number-marker', marker) : 0
  const page = { after, limit: Math.min(limit, MAX_PAGE) }
  const { parts, truncated, checksum } = await objects.listParts(nameOf(call), uploadId, page)
  const id = caller.accessKeyId ?? 'anonymous'
  await sendXml(call, 'ListPartsResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', uploadId],
    ownerNode('Initiator', { id, displayName: id }),
    ownerNode('Owner', { id, displayName: id }),
    ['StorageClass', 'STANDARD'],
    ['PartNumberMarker', after],
    ['NextPartNumberMarker', parts.at(-1)?.number ?? 0],
    ['MaxParts', page.limit],
    ['IsTruncated', truncated],
    ['ChecksumAlgorithm', checksum?.algorithm ?? 'null'],
    ['ChecksumType', checksum?.type ?? 'null'],
    ...parts.map(
      part =>
        [
          'Part',
          [
            ['PartNumber', part.number],
            ['LastModified', isoTime(part.lastModified)],
            ['ETag', quoted(part.etag)],
            ['Size', part.size],
            ...(part.checksum
              ? [
                  [
                    `Checksum${part.checksum.algorithm}`,
                    Buffer.from(part.checksum.value).toString('base64'),
                  ] as const,
                ]
              : []),
          ],
        ] as const,
    ),
  ])
}
