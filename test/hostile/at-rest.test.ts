import { randomBytes } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectDoesNotOpen, expectRefused, read, startSetting } from './setting.ts'
import {
  flipped,
  putBack,
  type Stored,
  takeOut,
  withBytes,
  withMetadata,
  withMetadataFlipped,
} from './stored.ts'

/** The operator changes what lies in its store: T1, T2, T4, T6-T8, T11-T13, T15, T16 of docs/threat-model.md. */

const { application, operator, treuhand } = await startSetting()
const Bucket = 'hostile'
const OTHER = 'hostile-other'
const SEGMENT = 65_536
const PART = 5 * 1024 * 1024
/** Where things stand in the envelope (docs/object-format.md, section 5.1). */
const ENVELOPE = { version: 0, suite: 1, kind: 2, groupKey: 3, nonce: 19, wrapped: 43, commitment: 91 }

/** Objects of all shapes: read whole at once, streamed, and of parts. */
const SHAPES = ['small', 'streamed', 'multipart'] as const
type Shape = (typeof SHAPES)[number]
const PLAIN: Record<Shape, Buffer> = {
  small: randomBytes(200_000),
  streamed: randomBytes(3_000_000),
  multipart: randomBytes(2 * PART + 70_000),
}
const stored = {} as Record<Shape, Stored>

async function write(bucket: string, key: string, plaintext: Buffer): Promise<void> {
  const metadata = { Metadata: { secret: `of ${key}` }, ContentType: 'text/plain' }
  if (plaintext.length <= PART) {
    await application.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: plaintext, ...metadata }))
    return
  }
  const at = { Bucket: bucket, Key: key }
  const { UploadId } = await application.send(new CreateMultipartUploadCommand({ ...at, ...metadata }))
  const Parts = []
  for (let number = 1; (number - 1) * PART < plaintext.length; number++) {
    const Body = plaintext.subarray((number - 1) * PART, number * PART)
    const part = await application.send(new UploadPartCommand({ ...at, UploadId, PartNumber: number, Body }))
    Parts.push({ PartNumber: number, ETag: part.ETag })
  }
  await application.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
}

beforeAll(async () => {
  for (const name of [Bucket, OTHER]) await application.send(new CreateBucketCommand({ Bucket: name }))
  for (const shape of SHAPES) {
    await write(Bucket, shape, PLAIN[shape])
    stored[shape] = await takeOut(operator, Bucket, shape)
  }
  await write(Bucket, 'victim', randomBytes(200_000))
})

/** Puts the changed object in the place of the real one, and reads it, whole and its end. */
async function expectToRefuse(shape: Shape, changed: Stored): Promise<void> {
  await putBack(operator, Bucket, shape, changed)
  expectRefused(await read(application, Bucket, shape), PLAIN[shape])
}

async function expectHeadDoesNotOpen(shape: Shape, changed: Stored): Promise<void> {
  await putBack(operator, Bucket, shape, changed)
  const { bytes, error } = await read(application, Bucket, shape)
  expect(bytes).toHaveLength(0)
  expectDoesNotOpen(error)
  const head = application.send(new HeadObjectCommand({ Bucket, Key: shape }))
  await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } })
}

describe.each(SHAPES)('a %s object', shape => {
  test('opens as it was written', async () => {
    await putBack(operator, Bucket, shape, stored[shape])
    const { bytes, error } = await read(application, Bucket, shape)
    expect(error).toBeUndefined()
    expect(bytes.equals(PLAIN[shape])).toBe(true)
  })

  test('T1: does not open with any bit of its payload flipped', async () => {
    const { bytes } = stored[shape]
    const places = [0, 39, 40, SEGMENT - 1, SEGMENT, bytes.length - 1, bytes.length - 256, bytes.length - 257]
    const random = Array.from({ length: 4 }, () => Math.floor(Math.random() * bytes.length))
    for (const at of [...places, ...random])
      await expectToRefuse(shape, withBytes(stored[shape], flipped(bytes, at, at % 8)))
  })

  test.each(Object.entries(ENVELOPE))('T2, T4, T6: does not open with its %s changed', async (_, at) => {
    await expectHeadDoesNotOpen(shape, withMetadataFlipped(stored[shape], 'th1', at))
  })

  test('T2: does not open as an older or unknown version or suite', async () => {
    const envelope = Buffer.from(stored[shape].metadata['th1']!, 'base64url')
    for (const at of [ENVELOPE.version, ENVELOPE.suite])
      for (const value of [0, 2, 255]) {
        const other = Buffer.from(envelope)
        other[at] = value
        await expectHeadDoesNotOpen(shape, withMetadata(stored[shape], 'th1', other.toString('base64url')))
      }
  })

  test('T6, T16: does not open with an envelope of another form', async () => {
    const text = stored[shape].metadata['th1']!
    for (const other of ['', 'x', text.slice(1), `${text}A`, text.toUpperCase(), `${text.slice(0, -1)}=`])
      await expectHeadDoesNotOpen(shape, withMetadata(stored[shape], 'th1', other))
  })

  test('T7: does not open cut short', async () => {
    const { bytes } = stored[shape]
    for (const length of [0, 1, 255, 256, SEGMENT, bytes.length - 256, bytes.length - 1])
      await expectToRefuse(shape, withBytes(stored[shape], bytes.subarray(0, length)))
  })

  test('T7: does not open with segments dropped, doubled or in another order', async () => {
    const { bytes } = stored[shape]
    const [first, second, rest] = [
      bytes.subarray(0, SEGMENT),
      bytes.subarray(SEGMENT, 2 * SEGMENT),
      bytes.subarray(2 * SEGMENT),
    ]
    for (const pieces of [
      [first, rest],
      [first, second, second, rest],
      [second, first, rest],
      [second, second, rest],
    ])
      await expectToRefuse(shape, withBytes(stored[shape], ...pieces))
  })

  test('T7: does not open with bytes behind its end', async () => {
    const { bytes } = stored[shape]
    await expectToRefuse(shape, withBytes(stored[shape], bytes, Buffer.alloc(1)))
    await expectToRefuse(shape, withBytes(stored[shape], bytes, bytes.subarray(-256)))
  })

  test('T8: does not open under another name or in another bucket', async () => {
    await putBack(operator, Bucket, 'elsewhere', stored[shape])
    expectDoesNotOpen((await read(application, Bucket, 'elsewhere')).error)
    await putBack(operator, OTHER, shape, stored[shape])
    expectDoesNotOpen((await read(application, OTHER, shape)).error)
  })

  test('T8: is not another object, whole or in part', async () => {
    const victim = await takeOut(operator, Bucket, 'victim')
    await expectHeadDoesNotOpen(shape, victim)
    await expectToRefuse(shape, withBytes(stored[shape], victim.bytes))
    await expectToRefuse(shape, { ...victim, bytes: stored[shape].bytes })
  })

  test('T11: does not open with other metadata, sealed for another object or changed', async () => {
    const victim = await takeOut(operator, Bucket, 'victim')
    await expectHeadDoesNotOpen(shape, withMetadata(stored[shape], 'th1m', victim.metadata['th1m']!))
    for (const at of [0, 23, 24, 40])
      await expectHeadDoesNotOpen(shape, withMetadataFlipped(stored[shape], 'th1m', at))
    const { th1 } = stored[shape].metadata
    await expectHeadDoesNotOpen(shape, { ...stored[shape], metadata: { th1: th1! } })
  })

  test('T12: is not believed in clear', async () => {
    const forged = Buffer.from('what the operator would like the application to read')
    await expectHeadDoesNotOpen(shape, { bytes: forged, metadata: {} })
    await expectHeadDoesNotOpen(shape, { bytes: forged, metadata: { secret: 'of its own' } })
    await expectHeadDoesNotOpen(shape, { bytes: Buffer.alloc(0), metadata: {} })
  })

  test('T13: knows no flag that makes it readable', async () => {
    const bytes = Buffer.from('legacy')
    for (const metadata of [
      { th1: 'none' },
      { th1: '', th1m: '' },
      { 'x-encrypted': 'false' },
      { th1: Buffer.alloc(162).toString('base64url') },
    ])
      await expectHeadDoesNotOpen(shape, { bytes, metadata: metadata as Record<string, string> })
  })
})

test('T11: headers that the store adds are not the object’s', async () => {
  const { bytes, metadata } = stored.small
  await putBack(operator, Bucket, 'small', {
    bytes,
    metadata: { ...metadata, evil: 'x' },
    contentDisposition: '',
  })
  const head = await application.send(new HeadObjectCommand({ Bucket, Key: 'small' }))
  expect(head.Metadata).toEqual({ secret: 'of small' })
  expect(head.ContentType).toBe('text/plain')
  expect(head.ContentLength).toBe(PLAIN.small.length)
})

test('T11: metadata is not spliced between an object and its copy, which have one DEK', async () => {
  await putBack(operator, Bucket, 'small', stored.small)
  await application.send(
    new CopyObjectCommand({
      Bucket,
      Key: 'copy',
      CopySource: `${Bucket}/small`,
      MetadataDirective: 'REPLACE',
      Metadata: { secret: 'of copy' },
    }),
  )
  const copy = await takeOut(operator, Bucket, 'copy')
  expect((await read(application, Bucket, 'copy')).bytes.equals(PLAIN.small)).toBe(true)
  await putBack(operator, Bucket, 'copy', withMetadata(copy, 'th1m', stored.small.metadata['th1m']!))
  expectDoesNotOpen((await read(application, Bucket, 'copy')).error)
  await putBack(operator, Bucket, 'copy', withMetadata(copy, 'th1', stored.small.metadata['th1']!))
  expectDoesNotOpen((await read(application, Bucket, 'copy')).error)
})

test('T7: a multipart object does not open with parts dropped, doubled or in another order', async () => {
  const { bytes } = stored.multipart
  // C(5 MiB) of docs/object-format.md: where the second part begins.
  const length = PART + 40 + 16 * Math.ceil((PART + 40) / 65_520)
  const [one, two, rest] = [
    bytes.subarray(0, length),
    bytes.subarray(length, 2 * length),
    bytes.subarray(2 * length),
  ]
  for (const pieces of [
    [two, one, rest],
    [one, one, rest],
    [one, rest],
    [one, two, two, rest],
  ])
    await expectToRefuse('multipart', withBytes(stored.multipart, ...pieces))
})

test('T14: the same bytes sent again have nothing in common', async () => {
  const envelopes = []
  for (let i = 0; i < 2; i++) {
    await write(Bucket, 'again', PLAIN.small)
    envelopes.push(await takeOut(operator, Bucket, 'again'))
  }
  const [a, b] = envelopes as [Stored, Stored]
  for (let at = 0; at + 16 <= a.bytes.length - 1024; at += 16)
    if (a.bytes.subarray(at, at + 16).equals(b.bytes.subarray(at, at + 16))) throw new Error(`equal at ${at}`)
  const parsed = [a, b].map(({ metadata }) =>
    Buffer.from(metadata['th1']!, 'base64url').subarray(ENVELOPE.nonce),
  )
  expect(parsed[0]!.subarray(0, 16).equals(parsed[1]!.subarray(0, 16))).toBe(false)
})

test('T16: every refusal was told to the operator of the proxy', () => {
  expect(treuhand.stderr()).toMatch(/"event":"[a-z-]*open/)
})
