import type { ObjectPart, OpenObject } from '../../../objects/object.ts'
import { StoreError } from '../../../store/errors.ts'
import { attributeFields, checksumNodes, sendXml } from '../answer.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { readConditions } from '../forms/conditions.ts'
import { MAX_PAGE, readLimit } from '../forms/numbers.ts'
import { httpDate } from '../forms/times.ts'
import type { XmlNode } from '../xml/write.ts'

const ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
type Attribute = (typeof ATTRIBUTES)[number]
const NAME = 'x-amz-object-attributes'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const getObjectAttributes: Operation = {
  name: 'GetObjectAttributes',
  method: 'GET',
  on: 'object',
  selector: { query: ['attributes'] },
  action: 'read',
  query: ['versionId'],
  async run(call) {
    const wanted = readWanted(call)
    const object = await call.objects
      .head(nameOf(call), { conditions: readConditions(call.headers), checksum: true })
      .catch(markerIsNothing)
    const nodes = wanted.flatMap(attribute => attributeNodes(call, object, attribute))
    await sendXml(call, 'GetObjectAttributesResponse', nodes, {
      fields: [
        ['last-modified', httpDate(object.lastModified)],
        ...attributeFields(object.attributes).filter(([name]) => name !== 'x-amz-storage-class'),
      ],
    })
  },
}

/** A delete marker has no attributes: S3 calls it missing here, where GET and HEAD call the method wrong. */
function markerIsNothing(error: unknown): never {
  if (error instanceof StoreError && error.code === 'MethodNotAllowed') throw new S3Error('NoSuchKey')
  throw error
}

/** @throws S3Error InvalidRequest, InvalidArgument */
function readWanted({ headers }: ObjectCall): readonly Attribute[] {
  const value = headers.get(NAME) ?? ''
  const named = value.split(',').map(name => name.trim())
  if (value.trim() === '')
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    )
  const wanted = ATTRIBUTES.filter(attribute => named.includes(attribute))
  if (named.some(name => !(ATTRIBUTES as readonly string[]).includes(name)))
    throw invalidArgument(NAME, value, 'Invalid attribute name specified.')
  return wanted
}

function attributeNodes(call: ObjectCall, object: OpenObject, attribute: Attribute): readonly XmlNode[] {
  switch (attribute) {
    case 'ETag':
      return [['ETag', object.etag]]
    case 'Checksum':
      return object.checksum ? [['Checksum', checksumNodes(object.checksum, object.parts?.length)]] : []
    case 'ObjectParts':
      return object.parts ? [['ObjectParts', partsNodes(call, object, object.parts)]] : []
    case 'StorageClass':
      return [['StorageClass', object.attributes['x-amz-storage-class'] ?? 'STANDARD']]
    case 'ObjectSize':
      return [['ObjectSize', object.size]]
  }
}

/** S3 lists the parts where they have checksums, and counts them otherwise. */
function partsNodes(
  { headers }: ObjectCall,
  { checksum }: OpenObject,
  parts: readonly ObjectPart[],
): XmlNode[] {
  const limit = Math.min(readLimit('max-parts', headers.get('x-amz-max-parts')), MAX_PAGE)
  const after = readMarker(headers.get('x-amz-part-number-marker'))
  const listed = checksum ? parts.slice(after, after + limit) : []
  const last = after + listed.length
  return [
    ['PartsCount', parts.length],
    ...(checksum
      ? ([
          ['PartNumberMarker', after],
          ['NextPartNumberMarker', last],
          ['MaxParts', limit],
          ['IsTruncated', last < parts.length],
        ] as const)
      : []),
    ...listed.map(
      (part, i): XmlNode => [
        'Part',
        [
          ['PartNumber', after + i + 1],
          ['Size', part.size],
          [`Checksum${checksum?.algorithm}`, part.checksum && Buffer.from(part.checksum).toString('base64')],
        ],
      ],
    ),
  ]
}

const readMarker = (value: string | undefined) => (value ? readLimit('part-number-marker', value) : 0)
