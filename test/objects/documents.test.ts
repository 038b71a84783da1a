import { expect, test } from 'vitest'
import { BucketNames } from '../../src/objects/bucket-names.ts'
import { getDocument, putDocument } from '../../src/objects/documents.ts'
import type { Room } from '../../src/objects/room.ts'
import type { DocumentName } from '../../src/store/documents.ts'

const buckets = new BucketNames({ photos: 'acme-photos', logs: 'acme-logs' })

/** What the store gets of a document, and what an application gets back of that. */
async function thereAndBack(name: DocumentName, text: string): Promise<[atStore: string, back: string]> {
  let kept = ''
  const store = {
    getDocument: async () => kept,
    putDocument: async (_: unknown, __: unknown, document: { text?: string }) => {
      kept = document.text ?? ''
    },
  }
  const room = { store, buckets } as unknown as Room
  await putDocument(room, { bucket: 'photos' }, name, { text, headers: {} })
  return [kept, await getDocument(room, { bucket: 'photos' }, name)]
}

const policy = (bucket: string) =>
  `{"Statement": [{"Resource": ["arn:aws:s3:::${bucket}", "arn:aws:s3:::${bucket}/arn:aws:s3:::photos/*"]}]}`

test("a policy is about the store's bucket there and about the application's here", async () => {
  expect(await thereAndBack('policy', policy('photos'))).toEqual([policy('acme-photos'), policy('photos')])
  expect(await thereAndBack('policy', policy('plain'))).toEqual([policy('plain'), policy('plain')])
})

test('logs go to the bucket that the application means', async () => {
  const logging = (bucket: string) =>
    `<BucketLoggingStatus><LoggingEnabled><TargetBucket>${bucket}</TargetBucket><TargetPrefix>photos</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`
  expect(await thereAndBack('logging', logging('logs'))).toEqual([logging('acme-logs'), logging('logs')])
  await expect(thereAndBack('logging', logging('acme-logs'))).rejects.toThrow('NoSuchBucket')
})

test('a name in any other document is left alone', async () => {
  const website =
    '<WebsiteConfiguration><IndexDocument><Suffix>photos</Suffix></IndexDocument></WebsiteConfiguration>'
  expect(await thereAndBack('website', website)).toEqual([website, website])
})
