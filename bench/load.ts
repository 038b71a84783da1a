import { hash } from 'node:crypto'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChecksumAlgorithm, checksumDigest } from '../src/objects/checksum.ts'
import { EMPTY_SHA256, Signer } from '../src/store/s3/signature.ts'
import type { Ask } from '../src/wire/client.ts'
import type { Job, Outcome, Request } from './job.ts'
import { originAt } from './origin.ts'

/**
 * The load, in a process of its own so that its CPU is nobody else's: reads a `Job` from standard input, sends
 * its requests over so many connections, and prints an `Outcome`.
 */
const job = (await json(process.stdin)) as Job
const origin = originAt(job.endpoint)
const signer = new Signer(job.credential, 'us-east-1')
const payload = Buffer.alloc(Math.min(job.request.size, 4 * 2 ** 20), 'Treuhand measures what it costs. ')
const nowhere = new Uint8Array(new ArrayBuffer(512 * 1024))

let checksumValue: string | undefined
/** A signature holds for a quarter of an hour, so that each request is signed once: the cores are for what is measured. */
const asks = new Map<string, Ask>()
const firstBytes: number[] = []
let begun = 0
let bytes = 0
const started = performance.now()
await Promise.all(Array.from({ length: job.connections }, client))
const seconds = (performance.now() - started) / 1000
origin.close()
process.stdout.write(JSON.stringify({ requests: begun, bytes, seconds, firstBytes } satisfies Outcome))

async function client(): Promise<void> {
  while (begun < job.count) {
    const number = begun++
    const asked = performance.now()
    const request = { ...job.request, key: job.request.key.replace('#', String(number % job.keys)) }
    // Not `bytes += await`: that adds to what `bytes` was before the wait, and loses what others counted meanwhile.
    const passed = await send(request, asked)
    bytes += passed
    if (request.verb === 'PUT') firstBytes.push(performance.now() - asked)
  }
}

function send(request: Request, asked: number): Promise<number> {
  if (request.verb === 'GET') return get(request, asked)
  return request.parts === undefined ? put(request) : putParts(request, request.parts)
}

async function get(request: Request, asked: number): Promise<number> {
  const response = await origin.request(signed(request, EMPTY_SHA256, []))
  if (response.status >= 300) throw await failure(request, response)
  firstBytes.push(performance.now() - asked)
  if (response.body === undefined) return (await response.collect(16 * 2 ** 20)).length
  const length = response.body.length
  await response.body.readInto({
    space: () => nowhere,
    filled: () => (job.rate === undefined ? undefined : sleep((65_536 / job.rate) * 1000)),
  })
  return length
}

async function put(request: Request): Promise<number> {
  await putOne(request)
  return request.size
}

/** @returns the ETag */
async function putOne(request: Request): Promise<string> {
  const upload = await origin.upload(signed(request, 'UNSIGNED-PAYLOAD', checksum(request)), request.size)
  const step = job.rate === undefined ? 256 * 1024 : 65_536
  for (let at = 0; at < request.size; at += step) {
    const from = at % payload.length
    await upload.write([payload.subarray(from, from + Math.min(step, request.size - at))])
    if (job.rate !== undefined) await sleep((step / job.rate) * 1000)
  }
  const response = await upload.finish()
  if (response.status >= 300) throw await failure(request, response)
  await response.collect(65_536)
  return response.headers.get('etag') ?? ''
}

/** Every body is the same, and so is its checksum. */
function checksum({ checksum: kind, size }: Request): [string, string][] {
  if (kind === undefined) return []
  checksumValue ??= digestOf(kind, size)
  return [[`x-amz-checksum-${kind.toLowerCase()}`, checksumValue]]
}

function digestOf(kind: ChecksumAlgorithm, size: number): string {
  const digest = checksumDigest(kind)
  for (let at = 0; at < size; at += payload.length)
    digest.update(payload.subarray(0, Math.min(payload.length, size - at)))
  return Buffer.from(digest.digest()).toString('base64')
}

async function putParts(request: Request, parts: number): Promise<number> {
  const create = await post({ ...request, query: 'uploads=' }, '')
  const uploadId = encodeURIComponent(/<UploadId>([^<]+)/.exec(create)![1]!)
  const size = request.size / parts
  const rows: string[] = []
  for (let number = 1; number <= parts; number++) {
    const etag = await putOne({ ...request, size, query: `partNumber=${number}&uploadId=${uploadId}` })
    rows.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`)
  }
  const document = `<CompleteMultipartUpload>${rows.join('')}</CompleteMultipartUpload>`
  await post({ ...request, query: `uploadId=${uploadId}` }, document)
  return request.size
}

async function post(request: Request, document: string): Promise<string> {
  const body = Buffer.from(document)
  const response = await origin.request(
    signed({ ...request, verb: 'POST' }, hash('sha256', body, 'hex'), []),
    body,
  )
  if (response.status !== 200) throw await failure(request, response)
  return (await response.collect(65_536)).toString('utf8')
}

type Signable = Omit<Request, 'verb'> & { readonly verb: Request['verb'] | 'POST' }

function signed(
  { verb, key, query = '', range }: Signable,
  payloadHash: string,
  fields: readonly [string, string][],
): Ask {
  const path = key === '' ? `/${job.bucket}` : `/${job.bucket}/${key}`
  const target = query === '' ? path : `${path}?${query}`
  const name = `${verb} ${target}`
  const before = asks.get(name)
  if (before !== undefined) return before
  const { headers } = signer.sign(
    {
      method: verb,
      path,
      query,
      host: origin.host,
      headers: range === undefined ? fields : [...fields, ['range', range]],
      payload: payloadHash,
    },
    new Date(),
  )
  const ask = { method: verb, target, fields: headers }
  asks.set(name, ask)
  return ask
}

async function failure(
  request: Request,
  response: { status: number; collect(cap: number): Promise<Buffer> },
): Promise<Error> {
  const text = (await response.collect(65_536)).toString('utf8')
  return new Error(`${request.verb} ${request.key} was answered with ${response.status}: ${text}`)
}
