import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'shared-with-pages'
let server: TestServer
const CORSRules = [
  {
    ID: 'shop',
    AllowedOrigins: ['https://*.shop.example'],
    AllowedMethods: ['GET', 'PUT'],
    AllowedHeaders: ['x-amz-*', 'Content-Type'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 60,
  },
  { AllowedOrigins: ['*'], AllowedMethods: ['HEAD'] },
]

beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

async function ask(method: string, headers: Record<string, string>, path = `/${Bucket}/key`) {
  const response = await fetch(server.endpoint + path, { method, headers })
  const text = await response.text()
  const allowed = Object.fromEntries(
    [...response.headers].filter(([name]) => name.startsWith('access-control-')),
  )
  return { status: response.status, allowed, code: /<Code>(\w+)</.exec(text)?.[1] }
}
const preflight = (origin: string, method: string, headers?: string) =>
  ask('OPTIONS', {
    origin,
    'access-control-request-method': method,
    ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
  })

test('rules of a bucket are read, replaced and removed, and go with it', async () => {
  const read = (name: string) => server.client.send(new GetBucketCorsCommand({ Bucket: name }))
  await expect(read(Bucket)).rejects.toMatchObject({ name: 'NoSuchCORSConfiguration' })
  await server.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  expect((await read(Bucket)).CORSRules).toEqual(CORSRules)
  await expect(read('nowhere')).rejects.toMatchObject({ name: 'NoSuchBucket' })

  await server.client.send(new CreateBucketCommand({ Bucket: 'passing' }))
  await server.client.send(new PutBucketCorsCommand({ Bucket: 'passing', CORSConfiguration: { CORSRules } }))
  await server.client.send(new DeleteBucketCommand({ Bucket: 'passing' }))
  await server.client.send(new CreateBucketCommand({ Bucket: 'passing' }))
  await expect(read('passing')).rejects.toMatchObject({ name: 'NoSuchCORSConfiguration' })
  await server.client.send(new DeleteBucketCorsCommand({ Bucket: 'passing' }))
})

describe('a preflight', () => {
  test('is allowed what a rule allows', async () => {
    expect(await preflight('https://a.shop.example', 'PUT', 'X-Amz-Date, content-type')).toEqual({
      status: 200,
      code: undefined,
      allowed: {
        'access-control-allow-origin': 'https://a.shop.example',
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'x-amz-date, content-type',
        'access-control-expose-headers': 'ETag',
        'access-control-max-age': '60',
      },
    })
    expect((await preflight('https://any.example', 'HEAD')).allowed).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'false',
    })
  })

  test.each<[string, string, string, string | undefined, number, string]>([
    ['from another origin', 'https://evil.example', 'GET', undefined, 403, 'AccessForbidden'],
    [
      'from an origin that only contains one',
      'https://a.shop.example.evil',
      'GET',
      undefined,
      403,
      'AccessForbidden',
    ],
    ['for another method', 'https://a.shop.example', 'DELETE', undefined, 403, 'AccessForbidden'],
    ['for another header', 'https://a.shop.example', 'PUT', 'x-evil', 403, 'AccessForbidden'],
    ['for a method that is none', 'https://a.shop.example', 'PATCH', undefined, 400, 'BadRequest'],
    ['for a header that is none', 'https://a.shop.example', 'PUT', 'a header', 400, 'BadRequest'],
  ])('%s is not', async (_, origin, method, headers, status, code) => {
    expect(await preflight(origin, method, headers)).toEqual({ status, code, allowed: {} })
  })

  test('is logged once', async () => {
    server.events()
    await preflight('https://a.shop.example', 'GET')
    expect(server.events()).toHaveLength(1)
  })

  test('needs an origin, a bucket, and rules', async () => {
    expect((await ask('OPTIONS', { 'access-control-request-method': 'GET' })).code).toBe('BadRequest')
    const headers = { origin: 'https://a.shop.example', 'access-control-request-method': 'GET' }
    expect((await ask('OPTIONS', headers, '/nowhere/key')).code).toBe('NoSuchBucket')
    expect((await ask('OPTIONS', headers, '/passing/key')).code).toBe('AccessForbidden')
  })
})

test('answers and errors say who may read them, and nothing to those who may not', async () => {
  expect(await ask('GET', { origin: 'https://a.shop.example' })).toMatchObject({
    status: 403,
    allowed: { 'access-control-allow-origin': 'https://a.shop.example' },
  })
  expect((await ask('GET', { origin: 'https://evil.example' })).allowed).toEqual({})
  expect((await ask('GET', {})).allowed).toEqual({})
})
