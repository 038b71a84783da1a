import { once } from 'node:events'
import net from 'node:net'
import { StoreError, StoreUnavailable } from '../../../src/store/errors.ts'
import { openS3Store, type S3Store } from '../../../src/store/s3/open.ts'
import type { StoredObject } from '../../../src/store/store.ts'
import { BodyCut } from '../../../src/wire/body.ts'
import { collect } from '../../../src/wire/sinks.ts'
import { holds, named, type Target } from '../target.ts'

/**
 * What a store may answer: the first line says to which call, the rest is the answer as it stands on the wire.
 * Each call ends, with what was asked for or with one of the store's two errors.
 */
export async function open(): Promise<Target> {
  // How long to wait before trying again is left to chance, which here is always at its shortest.
  const { random } = Math
  Math.random = () => 0
  let answer: Buffer = Buffer.alloc(0)
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', () => socket.end(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const store = await openS3Store({
    endpoint: new URL(`http://127.0.0.1:${port}`),
    region: 'us-east-1',
    addressing: 'path',
    credential: { accessKeyId: 'AK', secretAccessKey: 'SK' },
    findings: {
      clockSkew: 0,
      publishesShortPuts: false,
      objectForm: 'unsigned-trailer',
      partForm: 'unsigned-trailer',
      checksums: [],
      conditions: { put: true, complete: true, delete: true, 'copy-source': true },
    },
  })
  return {
    seeds: SEEDS,
    words: WORDS,
    longest: 8192,
    async run(input) {
      const line = input.indexOf('\n')
      const call = named(CALLS, input.toString('latin1', 0, Math.max(0, line)), 'list')
      answer = input.subarray(line + 1)
      try {
        await call(store)
      } catch (error) {
        if (!(error instanceof StoreError || error instanceof StoreUnavailable || error instanceof BodyCut))
          throw error
      }
    },
    async close() {
      Math.random = random
      await store.close()
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const AT = { bucket: 'photos', key: 'p/k' }
const NEW = { metadata: { th1: 'x' }, settings: {} }
const LIMIT = 3

const CALLS: Readonly<Record<string, (store: S3Store) => Promise<unknown>>> = {
  head: store => store.head(AT, {}),
  get: async store => taken(await store.get(AT, undefined, {}), { first: 0 }),
  range: async store => taken(await store.get(AT, { first: 1, last: 4 }, {}), { first: 1, last: 4 }),
  put: async store => {
    const writer = await store.put(AT, NEW, 5, {})
    await writer.write([Buffer.from('hello')])
    return writer.finish()
  },
  list: async store => {
    const { objects, prefixes } = await store.list('photos', { version: 2, prefix: 'p/', limit: LIMIT })
    holds(objects.length <= LIMIT && prefixes.length <= LIMIT, 'more than was asked for')
    for (const { key, length, lastModified } of objects) {
      holds(key.startsWith('p/') && Buffer.byteLength(key) <= 1024, `the key ${key}`)
      holds(
        Number.isSafeInteger(length) && length >= 0 && !Number.isNaN(lastModified.getTime()),
        `the entry of ${key}`,
      )
    }
  },
  versions: store => store.listVersions('photos', { prefix: 'p/', limit: LIMIT, keyMarker: 'p/a' }),
  uploads: store => store.listUploads('photos', { limit: LIMIT }),
  buckets: store => store.listBuckets(),
  copy: store => store.copy(AT, { ...AT, key: 'p/l' }, NEW, { ifMatch: 'e' }),
  create: store => store.createUpload(AT, NEW),
  complete: store => store.completeUpload(AT, 'u', [{ number: 1, etag: 'e' }], {}),
  delete: store => store.delete(AT, {}),
  'delete-many': store => store.deleteMany('photos', [{ key: 'a' }, { key: 'b', versionId: 'v' }], false),
  tags: store => store.getTags(AT),
  'bucket-tags': store => store.getBucketTags('photos'),
  versioning: store => store.getVersioning('photos'),
  lock: store => store.getLockConfiguration('photos'),
  retention: store => store.getRetention(AT),
  'legal-hold': store => store.getLegalHold(AT),
  lifecycle: store => store.getLifecycle('photos'),
  document: store => store.getDocument({ bucket: 'photos' }, 'policy'),
}

async function taken(object: StoredObject, asked: { first: number; last?: number }): Promise<void> {
  const { range, length, body } = object
  const whole = range.first === 0 && range.last === length - 1
  holds(
    whole || (range.first === asked.first && range.last <= (asked.last ?? length - 1)),
    'another range than was asked for',
  )
  holds(body.length === range.last - range.first + 1, 'a body of another length than its range')
  if (body.length > 1 << 20) return body.discard()
  holds((await collect(body)).length === body.length, 'a body of another length than it had')
}

function answered(call: string, status: string, body: string, ...fields: readonly string[]): string {
  return `${call}\nHTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n${body}`
}

const OBJECT = [
  'etag: "e"',
  'last-modified: Tue, 24 Nov 2026 08:00:00 GMT',
  'x-amz-meta-th1: x',
  'x-amz-version-id: v',
  'content-type: a/b',
]
const OWNER = '<Owner><ID>o</ID><DisplayName>n</DisplayName></Owner>'
const ENTRY =
  '<LastModified>2026-11-24T08:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass>'

const SEEDS = [
  answered('head', '200 OK', '', ...OBJECT),
  `head\nHTTP/1.1 304 X\r\netag: "e"\r\n\r\n`,
  answered('get', '200 OK', 'hello', ...OBJECT, 'content-disposition: x'),
  answered('range', '206 X', 'ello', ...OBJECT, 'content-range: bytes 1-4/5'),
  `get\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n${OBJECT.join('\r\n')}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  answered('put', '200 OK', '', 'etag: "e"', 'x-amz-version-id: v'),
  `put\nHTTP/1.1 100 Continue\r\n\r\n${answered('', '200 OK', '', 'etag: "e"').slice(1)}`,
  answered(
    'get',
    '404 X',
    '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>m</Message><Endpoint>e</Endpoint></Error>',
    'x-amz-delete-marker: true',
  ),
  answered('get', '503 X', '<Error><Code>SlowDown</Code></Error>', 'retry-after: 9999'),
  answered(
    'get',
    '301 X',
    '<Error><Code>PermanentRedirect</Code><Endpoint>e</Endpoint></Error>',
    'location: http://e/',
  ),
  answered(
    'list',
    '200 OK',
    `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><EncodingType>url</EncodingType><Contents><Key>p/1</Key>${ENTRY}${OWNER}</Contents><CommonPrefixes><Prefix>p/2/</Prefix></CommonPrefixes></ListBucketResult>`,
  ),
  answered(
    'versions',
    '200 OK',
    `<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>p/9</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker><Version><Key>p/1</Key><VersionId>v</VersionId><IsLatest>true</IsLatest>${ENTRY}</Version><DeleteMarker><Key>p/2</Key><VersionId>w</VersionId><IsLatest>false</IsLatest><LastModified>2026-11-24T08:00:00Z</LastModified></DeleteMarker></ListVersionsResult>`,
  ),
  answered(
    'uploads',
    '200 OK',
    `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>k</Key><UploadId>u</UploadId><Initiated>2026-11-24T08:00:00Z</Initiated>${OWNER}</Upload></ListMultipartUploadsResult>`,
  ),
  answered(
    'buckets',
    '200 OK',
    `<ListAllMyBucketsResult>${OWNER}<Buckets><Bucket><Name>photos</Name><CreationDate>2026-11-24T08:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>`,
  ),
  answered(
    'copy',
    '200 OK',
    '  <CopyObjectResult><ETag>"e"</ETag><LastModified>2026-11-24T08:00:00Z</LastModified></CopyObjectResult>',
  ),
  answered('copy', '200 OK', '<Error><Code>InternalError</Code></Error>'),
  answered(
    'create',
    '200 OK',
    '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
  ),
  answered(
    'complete',
    '200 OK',
    '<CompleteMultipartUploadResult><ETag>"e-1"</ETag></CompleteMultipartUploadResult>',
  ),
  answered('delete', '204 X', '', 'x-amz-delete-marker: true', 'x-amz-version-id: v'),
  answered(
    'delete-many',
    '200 OK',
    '<DeleteResult><Deleted><Key>a</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>v</DeleteMarkerVersionId></Deleted><Error><Key>b</Key><VersionId>v</VersionId><Code>AccessDenied</Code></Error></DeleteResult>',
  ),
  answered('tags', '200 OK', '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'),
  answered('bucket-tags', '200 OK', '<Tagging><TagSet/></Tagging>'),
  answered(
    'versioning',
    '200 OK',
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  ),
  answered(
    'lock',
    '200 OK',
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>',
  ),
  answered(
    'retention',
    '200 OK',
    '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2026-12-01T00:00:00Z</RetainUntilDate></Retention>',
  ),
  answered('legal-hold', '200 OK', '<LegalHold><Status>ON</Status></LegalHold>'),
  answered(
    'lifecycle',
    '200 OK',
    '<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><Prefix>a</Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  ),
  answered('document', '200 OK', '{"Version":"2012-10-17"}'),
]
const WORDS = [
  ...new Set(
    SEEDS.flatMap(seed => [
      ...(seed.match(/<\/?[A-Za-z]+\/?>/g) ?? []),
      ...(seed.match(/^[a-z-]+: .*\r\n/gm) ?? []),
    ]),
  ),
  ...Object.keys(CALLS).map(call => `${call}\n`),
  'HTTP/1.1 200 OK\r\n',
  'content-encoding: gzip\r\n',
  'transfer-encoding: chunked\r\n',
  'content-length: 0\r\n',
  '0\r\n\r\n',
  'bytes 0-0/1',
  '<!DOCTYPE a [<!ENTITY e "x">]>',
  '&#0;',
  '%FF',
  '__proto__',
]
