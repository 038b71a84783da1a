import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { receiveForm } from '../../../src/front/s3/body/form-body.ts'
import { basicTime } from '../../../src/front/s3/forms/times.ts'
import { pattern } from '../../objects/harness.ts'
import { bodyOf, hmac, refusal, taken } from './harness.ts'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'forms'
const BOUNDARY = 'XXboundaryXX'
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

type Field = readonly [name: string, value: string]

/** A form as browsers write it: the fields, the file, and what else. */
function formOf(
  fields: readonly Field[],
  file: Uint8Array,
  after: readonly Field[] = [],
  filename = 'C:\\fake\\cat.txt',
) {
  const part = (name: string, head = '') =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${head}\r\n\r\n`
  return Buffer.concat([
    ...fields.map(([name, value]) => Buffer.from(`${part(name)}${value}\r\n`)),
    Buffer.from(
      part('file', `; filename="${filename.replaceAll('\\', '\\\\')}"\r\nContent-Type: text/x-odd`),
    ),
    file,
    Buffer.from('\r\n'),
    ...after.map(([name, value]) => Buffer.from(`${part(name)}${value}\r\n`)),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ])
}

/** The fields of a form that this key's holder lets a browser send. */
function signed(
  fields: readonly Field[],
  conditions?: readonly unknown[],
  expiration = new Date(Date.now() + 60_000),
): Field[] {
  const time = basicTime(new Date())
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const auth: Field[] = [
    ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
    ['x-amz-credential', `${server.key.id}/${scope}`],
    ['x-amz-date', time],
  ]
  const all = [...fields, ...auth]
  const policy = Buffer.from(
    JSON.stringify({
      expiration: expiration.toISOString(),
      conditions: conditions ?? [{ bucket: Bucket }, ...all.map(([name, value]) => ({ [name]: value }))],
    }),
  ).toString('base64')
  let key = hmac(`AWS4${server.key.secret}`, time.slice(0, 8))
  for (const piece of ['us-east-1', 's3', 'aws4_request']) key = hmac(key, piece)
  return [...all, ['policy', policy], ['x-amz-signature', hmac(key, policy).toString('hex')]]
}

async function post(form: Uint8Array<ArrayBuffer>, type = `multipart/form-data; boundary=${BOUNDARY}`) {
  const response = await fetch(`${server.endpoint}/${Bucket}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: form,
    redirect: 'manual',
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, code: /<Code>(\w+)</.exec(text)?.[1] }
}

const read = async (Key: string) => {
  const object = await server.client.send(new GetObjectCommand({ Bucket, Key }))
  return { ...object, bytes: Buffer.from(await object.Body!.transformToByteArray()) }
}

describe('a signed form', () => {
  test('puts its file as the object, with what the form says of it', async () => {
    const tagging = '<Tagging><TagSet><Tag><Key>k</Key><Value>v w</Value></Tag></TagSet></Tagging>'
    const fields = signed(
      [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
        ['key', 'pictures/${filename}'],
        ['Content-Type', 'image/cat'],
        ['x-amz-meta-who', 'me'],
        ['tagging', tagging],
      ].map(([name, value]) => [name!, value!] as const),
      [
        { bucket: Bucket },
        ['starts-with', '$key', 'pictures/'],
        ['starts-with', '$Content-Type', 'image/'],
        { 'x-amz-meta-who': 'me' },
        { tagging },
        ['content-length-range', 1, 100],
        ['starts-with', '$x-amz-algorithm', ''],
        ['starts-with', '$x-amz-credential', ''],
        ['starts-with', '$x-amz-date', ''],
      ],
    )
    const answer = await post(formOf(fields, Buffer.from('a cat')))
    expect(answer.status).toBe(204)
    expect(answer.headers.get('location')).toBe(`${server.endpoint}/${Bucket}/pictures/cat.txt`)
    const object = await read('pictures/cat.txt')
    expect(object).toMatchObject({
      ContentType: 'image/cat',
      Metadata: { who: 'me' },
      ETag: answer.headers.get('etag'),
    })
    expect(object.bytes.toString()).toBe('a cat')
    const { TagSet } = await server.client.send(
      new GetObjectTaggingCommand({ Bucket, Key: 'pictures/cat.txt' }),
    )
    expect(TagSet).toEqual([{ Key: 'k', Value: 'v w' }])
  })

  test('takes the name of a file for a name, whatever letters it has', async () => {
    const anything = ['key', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date']
    const conditions = [{ bucket: Bucket }, ...anything.map(name => ['starts-with', `$${name}`, ''])]
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
    const form = formOf(signed([['key', '${filename}']], conditions), Buffer.from('x'), [], "$&$'.txt")
    const answer = await post(form)
    expect(answer.headers.get('location')).toBe(`${server.endpoint}/${Bucket}/%24%26%24%27.txt`)
  })

  test('is answered as it asks', async () => {
    const ask = (name: string, value: string) =>
      post(
        formOf(
          signed([
            ['key', 'asked'],
            [name, value],
          ]),
          Buffer.from('x'),
        ),
      )
    expect((await ask('success_action_status', '200')).status).toBe(200)
    const created = await ask('success_action_status', '201')
    expect(created.status).toBe(201)
    expect(created.text).toContain(
      `<PostResponse xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Location>${server.endpoint}/${Bucket}/asked</Location><Bucket>${Bucket}</Bucket><Key>asked</Key>`,
    )
    const redirected = await ask('success_action_redirect', 'https://shop.example/done?a=b')
    expect(redirected.status).toBe(303)
    expect(redirected.headers.get('location')).toMatch(
      /^https:\/\/shop\.example\/done\?a=b&bucket=forms&key=asked&etag=%22/,
    )
    expect((await ask('success_action_redirect', 'javascript:alert(1)')).status).toBe(204)
  })

  test.each([0, 1, 70_000, 2_000_000])('carries a file of %i bytes', async size => {
    const data = pattern(size)
    expect((await post(formOf(signed([['key', `size-${size}`]]), data))).status).toBe(204)
    expect((await read(`size-${size}`)).bytes.equals(data)).toBe(true)
  })

  test('may have fields behind its file, which are left out of account, unless it is too large to look', async () => {
    const after: Field[] = [['x-amz-meta-late', 'yes']]
    expect((await post(formOf(signed([['key', 'late']]), Buffer.from('x'), after))).status).toBe(204)
    expect((await read('late')).Metadata).toEqual({})
    const large = await post(formOf(signed([['key', 'large']]), pattern(1_100_000), after))
    expect(large).toMatchObject({ status: 400, code: 'MalformedPOSTRequest' })
    const listed = await server.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'large' }))
    expect(listed.KeyCount).toBe(0)
  })
})

describe('a form is refused', () => {
  const file = Buffer.from('data')
  const changed = (fields: readonly Field[], name: string, value?: string): Field[] =>
    fields.flatMap(field =>
      field[0] !== name ? [field] : value === undefined ? [] : [[name, value] as const],
    )

  test.each<[string, string, () => Buffer<ArrayBuffer>]>([
    ['without a key', 'InvalidArgument', () => formOf(signed([]), file)],
    ['without any signature', 'AccessDenied', () => formOf([['key', 'k']], file)],
    [
      'with half a signature',
      'InvalidArgument',
      () => formOf(changed(signed([['key', 'k']]), 'policy'), file),
    ],
    [
      'by another algorithm',
      'InvalidArgument',
      () => formOf(changed(signed([['key', 'k']]), 'x-amz-algorithm', 'AWS4-ECDSA-P256-SHA256'), file),
    ],
    [
      'with a wrong signature',
      'SignatureDoesNotMatch',
      () => formOf(changed(signed([['key', 'k']]), 'x-amz-signature', '0'.repeat(64)), file),
    ],
    [
      'by an unknown key',
      'InvalidAccessKeyId',
      () =>
        formOf(
          changed(
            signed([['key', 'k']]),
            'x-amz-credential',
            `NOBODY/${basicTime(new Date()).slice(0, 8)}/us-east-1/s3/aws4_request`,
          ),
          file,
        ),
    ],
    [
      'with a field its policy does not speak of',
      'AccessDenied',
      () => formOf([...signed([['key', 'k']]), ['x-amz-meta-more', 'x']], file),
    ],
    [
      'with another value than its policy says',
      'AccessDenied',
      () => formOf(changed(signed([['key', 'k']]), 'key', 'other'), file),
    ],
    [
      'whose policy speaks of no bucket',
      'AccessDenied',
      () =>
        formOf(
          signed(
            [['key', 'k']],
            [
              ['starts-with', '$key', ''],
              ...['algorithm', 'credential', 'date'].map(name => ['starts-with', `$x-amz-${name}`, '']),
            ],
          ),
          file,
        ),
    ],
    [
      'whose policy has ended',
      'AccessDenied',
      () => formOf(signed([['key', 'k']], undefined, new Date(0)), file),
    ],
    [
      'whose file is too large',
      'EntityTooLarge',
      () =>
        formOf(
          signed(
            [['key', 'k']],
            [
              ['starts-with', '$key', ''],
              { bucket: Bucket },
              ['content-length-range', 0, 3],
              ...['algorithm', 'credential', 'date'].map(name => ['starts-with', `$x-amz-${name}`, '']),
            ],
          ),
          file,
        ),
    ],
    ['whose policy is no document', 'InvalidPolicyDocument', () => formOf(signed([['key', 'k']], [5]), file)],
    [
      'without a file',
      'InvalidArgument',
      () =>
        Buffer.from(
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--${BOUNDARY}--\r\n`,
        ),
    ],
    ['that breaks off', 'MalformedPOSTRequest', () => formOf(signed([['key', 'k']]), file).subarray(0, -20)],
    [
      'with another boundary',
      'MalformedPOSTRequest',
      () =>
        Buffer.from(
          formOf(signed([['key', 'k']]), file)
            .toString('latin1')
            .replaceAll(BOUNDARY, 'other'),
          'latin1',
        ),
    ],
    [
      'with a key that is too long',
      'KeyTooLongError',
      () => formOf(signed([['key', 'k'.repeat(1025)]]), file),
    ],
    [
      'with a wrong checksum',
      'BadDigest',
      () =>
        formOf(
          signed([
            ['key', 'k'],
            ['x-amz-checksum-crc32', 'AAAAAA=='],
          ]),
          file,
        ),
    ],
  ])('%s: %s', async (_, code, form) => {
    expect((await post(form())).code).toBe(code)
    expect((await server.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'k' }))).KeyCount).toBe(0)
  })

  test('that is none', async () => {
    expect(await post(formOf([], file), 'application/json')).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    })
    expect(await post(formOf([], file), 'multipart/form-data')).toMatchObject({
      status: 400,
      code: 'MalformedPOSTRequest',
    })
  })
})

test('any file in a large form comes through in any pieces, or the form is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(1000, 65536),
      fc.constantFrom(
        '',
        '\r\n',
        `\r\n--${BOUNDARY.slice(0, -1)}`,
        `\r\n--${BOUNDARY}`,
        `--${BOUNDARY}--\r\n`,
      ),
      fc.integer({ min: 0, max: 1_050_000 }),
      async (pieces, space, odd, at) => {
        const data = pattern(1_060_000)
        data.write(odd, at, 'latin1')
        const form = formOf([['key', 'k']], data)
        const file = async () => taken((await receiveForm(bodyOf(form, pieces), BOUNDARY)).file, space)
        if (data.includes(`\r\n--${BOUNDARY}`)) expect(await refusal(file)).toBe('MalformedPOSTRequest')
        else expect((await file()).equals(data)).toBe(true)
      },
    ),
    { numRuns: 30 },
  )
})
