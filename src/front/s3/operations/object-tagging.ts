import type { Tag } from '../../../store/tag.ts'
import type { Fields } from '../../../wire/exchange.ts'
import { sendNothing, sendXml } from '../answer.ts'
import { readDocument } from '../body/document.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { checkTags, MAX_OBJECT_TAGS } from '../forms/tags.ts'
import type { XmlElement } from '../xml/read.ts'
import type { XmlNode } from '../xml/write.ts'

const ON_TAGS = { selector: { query: ['tagging'] }, query: ['versionId'] } as const

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export const getObjectTagging: Operation = {
  ...ON_TAGS,
  name: 'GetObjectTagging',
  method: 'GET',
  on: 'object',
  action: 'read',
  async run(call) {
    const { tags, versionId } = await call.objects.store.getTags(call.objects.address(nameOf(call)))
    await sendXml(call, 'Tagging', taggingNodes(tags), { fields: versionFields(versionId) })
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export const putObjectTagging: Operation = {
  ...ON_TAGS,
  name: 'PutObjectTagging',
  method: 'PUT',
  on: 'object',
  action: 'write',
  async run(call) {
    const tags = readTagging(await readDocument(call, 'Tagging'))
    checkTags(tags, MAX_OBJECT_TAGS)
    const { versionId } = await call.objects.store.putTags(at(call), tags)
    await sendNothing(call, 200, versionFields(versionId))
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export const deleteObjectTagging: Operation = {
  ...ON_TAGS,
  name: 'DeleteObjectTagging',
  method: 'DELETE',
  on: 'object',
  action: 'write',
  async run(call) {
    const { versionId } = await call.objects.store.deleteTags(at(call))
    await sendNothing(call, 204, versionFields(versionId))
  },
}

const at = (call: ObjectCall) => call.objects.address(nameOf(call))

const versionFields = (versionId: string | undefined): Fields =>
  versionId === undefined ? [] : [['x-amz-version-id', versionId]]

export const taggingNodes = (tags: readonly Tag[]): readonly XmlNode[] => [
  [
    'TagSet',
    tags.map(({ key, value }) => [
      'Tag',
      [
        ['Key', key],
        ['Value', value],
      ],
    ]),
  ],
]

/** @throws S3Error MalformedXML */
export function readTagging(document: XmlElement): Tag[] {
  const set = document.child('TagSet')
  if (!set) throw new S3Error('MalformedXML')
  return readTags(set)
}

/** @throws S3Error MalformedXML */
export function readTags(parent: XmlElement | undefined): Tag[] {
  return (parent?.all('Tag') ?? []).map(tag => {
    const key = tag.textOf('Key')
    const value = tag.textOf('Value')
    if (key === undefined || value === undefined) throw new S3Error('MalformedXML')
    return { key, value }
  })
}
