import { describe, expect, test } from 'vitest'
import { StoreError, StoreUnavailable } from '../../../src/store/errors.ts'
import { control } from '../../../src/store/s3/control.ts'
import { Origins } from '../../../src/store/s3/origins.ts'
import { Signer } from '../../../src/store/s3/signature.ts'
import { Targets } from '../../../src/store/s3/targets.ts'
import { get, PLAIN, put } from '../contract/bytes.ts'
import { answer, errorXml, OBJECT, type Script, scripted, WELL } from './scripted-store.ts'

const AT = { bucket: 'bucket', key: 'k' }
const LIST = { version: 2, limit: 2, prefix: 'p/' } as const

const page = (content: string) =>
  `<ListBucketResult><IsTruncated>false</IsTruncated>${content}</ListBucketResult>`
const entry = (fields: Record<string, string> = {}) => {
  const all = { Key: 'p/1', LastModified: '2026-11-24T08:00:00.000Z', ETag: '"e"', Size: '1', ...fields }
  return `<Contents>${Object.entries(all)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</Contents>`
}

/** The failure of a call; a call that succeeds fails the test. */
async function failure(call: Promise<unknown>): Promise<StoreError | StoreUnavailable> {
  const outcome = await call.then(
    () => 'the call succeeded',
    error => error,
  )
  if (outcome instanceof StoreError || outcome instanceof StoreUnavailable) return outcome
  throw new Error('expected a failure of the store', { cause: outcome })
}

describe('a redirect is never followed', () => {
  test.each([301, 302, 303, 307, 308])('%i', async status => {
    const lure = await scripted(() => answer(200, OBJECT))
    const script: Script = () => answer(status, { location: `http://127.0.0.1:${lure.port}/bucket/k` })
    const { store, alarms, seen } = await scripted(script)
    for (const call of [
      store.head(AT, {}),
      store.get(AT, undefined, {}),
      put(store, AT, Buffer.from('payload')),
    ])
      expect(await failure(call)).toMatchObject({ reason: 'redirect' })
    expect(alarms.map(({ reason }) => reason)).toEqual(['redirect', 'redirect', 'redirect'])
    expect(seen).toHaveLength(3)
    expect(lure.seen).toEqual([])
  })
})

describe('a refusal is reduced to its code', () => {
  test('the store’s own words are nowhere', async () => {
    const { store } = await scripted(() => answer(404, { 'x-amz-id-2': 'host' }, errorXml('NoSuchVersion')))
    const refused = await failure(store.get(AT, undefined, {}))
    expect(refused).toMatchObject({ code: 'NoSuchVersion', status: 404 })
    const told = JSON.stringify({ ...refused, message: refused.message, stack: refused.stack })
    for (const word of ['evil.example', 'host-id', 'own words']) expect(told).not.toContain(word)
  })

  test('a sentence of S3’s on policies is told apart, and nothing else of its words is kept', async () => {
    const sentence = (action: string) =>
      `User: evil is not authorized to perform: ${action} on resource: "arn:aws:s3:::evil/x" with an explicit deny in a resource-based policy`
    const because = async (message: string) => {
      const body = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`
      const { store } = await scripted(() => answer(403, {}, body))
      const refused = await failure(store.get(AT, undefined, {}))
      expect(JSON.stringify({ ...refused, message: refused.message })).not.toContain('evil')
      return refused instanceof StoreError ? refused.reason : undefined
    }
    expect(await because(sentence('s3:GetObject'))).toEqual({ kind: 'explicit-deny', action: 's3:GetObject' })
    expect(await because(sentence('s3:Get evil'))).toBeUndefined()
    expect(await because('Invalid principal in policy')).toEqual({ kind: 'policy-principal' })
    expect(await because('constructor')).toBeUndefined()
  })

  test.each([
    ['no body', ''],
    ['no XML', 'Not Found'],
    ['no code', '<Error></Error>'],
    ['two codes', '<Error><Code>NoSuchKey</Code><Code>AccessDenied</Code></Error>'],
    ['a code that is none', `<Error><Code>${'A'.repeat(65)}</Code></Error>`],
    ['markup in the code', '<Error><Code>&lt;script&gt;</Code></Error>'],
    ['a document type', '<!DOCTYPE x [<!ENTITY y "NoSuchBucket">]><Error><Code>&y;</Code></Error>'],
  ])('with %s, the status speaks', async (_, body) => {
    const { store } = await scripted(({ line }) => answer(line.includes('missing') ? 404 : 403, {}, body))
    expect(await failure(store.get({ ...AT, key: 'missing' }, undefined, {}))).toMatchObject({
      code: 'NoSuchKey',
    })
    expect(await failure(store.headBucket('missing'))).toMatchObject({ code: 'NoSuchBucket' })
    expect(await failure(store.get(AT, undefined, {}))).toMatchObject({ code: 'AccessDenied' })
  })

  test('what is known of a delete marker stays with it', async () => {
    const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'v1', 'x-evil': 'x' }
    const { store } = await scripted(() => answer(404, headers))
    const refused = await failure(store.head(AT, {}))
    expect(refused).toMatchObject({
      attributes: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'v1' },
    })
    expect(JSON.stringify(refused)).not.toContain('evil')
  })

  test('not modified tells which', async () => {
    const { store } = await scripted(
      () => `HTTP/1.1 304 X\r\netag: "e-1"\r\nlast-modified: ${OBJECT['last-modified']}\r\n\r\n`,
    )
    const attributes = { etag: 'e-1', 'last-modified': OBJECT['last-modified'] }
    for (const call of [store.head(AT, {}), store.get(AT, undefined, { ifNoneMatch: 'e-1' })])
      expect(await failure(call)).toMatchObject({ code: 'NotModified', status: 304, attributes })
  })

  test.each(['SignatureDoesNotMatch', 'InvalidAccessKeyId', 'RequestTimeTooSkewed', 'ExpiredToken'])(
    '%s is about us, not about the client',
    async code => {
      const { store, alarms } = await scripted(() => answer(403, {}, errorXml(code)))
      expect(await failure(store.get(AT, undefined, {}))).toMatchObject({ reason: 'credential' })
      expect(alarms).toHaveLength(1)
    },
  )

  test.each(['BadDigest', 'IncompleteBody', 'XAmzContentChecksumMismatch'])(
    '%s is about our bytes, not about the client’s',
    async code => {
      const { store } = await scripted(() => answer(400, {}, errorXml(code)))
      expect(await failure(put(store, AT, Buffer.from('payload')))).toMatchObject({ reason: 'protocol' })
    },
  )
})

describe('Copy and Complete may fail inside a 200', () => {
  const copy =
    '<CopyObjectResult><LastModified>2026-11-24T08:00:00Z</LastModified><ETag>"e"</ETag></CopyObjectResult>'

  test('white space comes first, then the answer', async () => {
    const { store } = await scripted(() =>
      answer(200, {}, `${' '.repeat(20)}\n<?xml version="1.0"?>\n${copy}`),
    )
    expect(await store.copy(AT, AT, PLAIN, {})).toMatchObject({ etag: 'e' })
  })

  test('the same in chunks', async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
    const body = `${chunk(' ')}${chunk(' ')}${chunk(copy)}0\r\n\r\n`
    const { store } = await scripted(() => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`)
    expect(await store.copy(AT, AT, PLAIN, {})).toMatchObject({ etag: 'e' })
  })

  test.each([
    ['InternalError', { code: 'InternalError', status: 500 }],
    ['PreconditionFailed', { code: 'PreconditionFailed', status: 412 }],
    ['SlowDown', { reason: 'slow-down' }],
    ['InvalidPart', { code: 'InvalidPart', status: 400 }],
  ])('%s', async (code, expected) => {
    const { store } = await scripted(() => answer(200, {}, `  ${errorXml(code)}`))
    for (const call of [
      () => store.copy(AT, AT, PLAIN, {}),
      () => store.completeUpload(AT, 'u', [{ number: 1, etag: 'e' }], {}),
      () => store.copyPart(AT, { first: 0, last: 1 }, AT, 'u', 1, 'e'),
    ])
      expect(await failure(call())).toMatchObject(expected)
  })

  test.each(['', '   ', '<CopyObjectResult/>', '<Other><ETag>e</ETag>'])(
    'an answer that is none: %j',
    async body => {
      const { store } = await scripted(() => answer(200, {}, body))
      expect(await failure(store.copy(AT, AT, PLAIN, {}))).toMatchObject({ reason: 'protocol' })
    },
  )
})

describe('a listing is refused that has', () => {
  test.each([
    ['a key outside of the prefix', page(entry({ Key: 'q/1' }))],
    ['more than was asked for', page(entry().repeat(3))],
    ['a key over 1,024 bytes', page(entry({ Key: `p/${'x'.repeat(1024)}` }))],
    ['a negative size', page(entry({ Size: '-1' }))],
    ['a size past exactness', page(entry({ Size: '9'.repeat(17) }))],
    ['a size in words', page(entry({ Size: '1e3' }))],
    ['a date that is none', page(entry({ LastModified: 'yesterday' }))],
    ['an ETag with a line break', page(entry({ ETag: 'a&#10;b' }))],
    ['two keys in one entry', page(entry().replace('</Contents>', '<Key>p/2</Key></Contents>'))],
    ['no key', page('<Contents><Size>1</Size></Contents>')],
    ['a prefix outside of the prefix', page('<CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes>')],
    [
      'names that are not percent-encoded',
      page(`<EncodingType>url</EncodingType>${entry({ Key: 'p/%ff' })}`),
    ],
    ['a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${page(entry())}`],
    ['no way on', '<L><IsTruncated>true</IsTruncated></L>'],
    ['a way back', '<L><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></L>'],
    ['neither yes nor no', '<L><IsTruncated>maybe</IsTruncated></L>'],
  ])('%s', async (_, body) => {
    const { store, alarms } = await scripted(() => answer(200, {}, body))
    expect(await failure(store.list('bucket', { ...LIST, token: 't' }))).toMatchObject({ reason: 'protocol' })
    expect(alarms).toHaveLength(1)
  })

  test('nothing against it: it is decoded where the store says that it encoded', async () => {
    const key = 'p/%C3%BC+%2B%25'
    const { store } = await scripted(({ line }) =>
      answer(
        200,
        {},
        page((line.includes('marker') ? '' : '<EncodingType>url</EncodingType>') + entry({ Key: key })),
      ),
    )
    expect((await store.list('bucket', LIST)).objects[0]!.key).toBe('p/ü +%')
    expect((await store.list('bucket', { ...LIST, version: 1, after: 'a' })).objects[0]!.key).toBe(key)
  })
})

describe('an object is refused that comes', () => {
  const ranged = (range: string, body = 'abcd') => answer(206, { ...OBJECT, 'content-range': range }, body)

  test.each([
    ['without a range', answer(206, OBJECT, 'abcd')],
    ['from elsewhere', ranged('bytes 1-4/100')],
    ['with more than was asked for', ranged('bytes 0-4/100', 'abcde')],
    ['with less than was asked for', ranged('bytes 0-2/100', 'abc')],
    ['with a range longer than its body', ranged('bytes 0-4/100')],
    ['with a range past its end', ranged('bytes 0-3/3')],
    ['with a range backwards', ranged('bytes 3-0/100')],
    ['without an ETag', answer(200, { 'last-modified': OBJECT['last-modified'] }, 'abcd')],
    ['without a date', answer(200, { etag: 'e' }, 'abcd')],
    ['compressed', answer(200, { ...OBJECT, 'content-encoding': 'gzip' }, 'abcd')],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n'],
    ['with two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd'],
  ])('%s', async (_, reply) => {
    const { store } = await scripted(() => reply)
    expect(await failure(store.get(AT, { first: 0, last: 3 }, {}))).toMatchObject({ reason: 'protocol' })
  })

  test('as a range that nobody asked for', async () => {
    const { store } = await scripted(() => ranged('bytes 0-3/4'))
    expect(await failure(store.get(AT, undefined, {}))).toMatchObject({ reason: 'protocol' })
  })

  test('nothing against it: whole where a range was asked, metadata by name', async () => {
    const headers = { ...OBJECT, 'x-amz-meta-th1': 'envelope', 'x-amz-meta-__proto__': 'x', 'x-evil': 'x' }
    const { store } = await scripted(() => answer(200, headers, 'abcd'))
    const object = await store.get(AT, { first: 1, last: 2 }, {})
    expect(object).toMatchObject({ length: 4, range: { first: 0, last: 3 }, etag: 'e-1', attributes: {} })
    expect(object.metadata['th1']).toBe('envelope')
    expect(Object.getPrototypeOf(object.metadata)).toBe(Object.prototype)
    object.body.discard()
  })

  test('cut in the middle, whatever its length said', async () => {
    const { store } = await scripted(({ socket }) => {
      socket.end(answer(200, { ...OBJECT, 'content-length': '100' }, 'abcd'))
      return undefined
    })
    await expect(get(store, AT)).rejects.toThrow()
  })
})

describe('an answer is refused that', () => {
  test('announces more than anybody reads', async () => {
    const { store } = await scripted(() => 'HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n')
    expect(await failure(store.list('bucket', LIST))).toMatchObject({ reason: 'protocol' })
  })

  test('never ends', async () => {
    const { store } = await scripted(({ socket }) => {
      const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
      const more = () => {
        while (!socket.destroyed && socket.write(chunk));
      }
      socket.on('drain', more).write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      more()
      return undefined
    })
    expect(await failure(store.list('bucket', LIST))).toMatchObject({ reason: 'protocol' })
  })

  test('is compressed', async () => {
    const { store } = await scripted(() => answer(200, { 'content-encoding': 'gzip' }, 'x'))
    expect(await failure(store.list('bucket', LIST))).toMatchObject({ reason: 'protocol' })
  })

  test('is no HTTP', async () => {
    const { store } = await scripted(() => 'SSH-2.0-OpenSSH_9.2\r\n\r\n')
    expect(await failure(store.list('bucket', LIST))).toMatchObject({ reason: 'protocol' })
  })

  test('drips', async () => {
    const { port } = await scripted(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
      const timer = setInterval(() => socket.write(' '), 5)
      socket.on('close', () => clearInterval(timer))
      return undefined
    })
    const origins = new Origins({}, {})
    const connection = {
      targets: new Targets(new URL(`http://127.0.0.1:${port}`), 'path'),
      signer: new Signer({ accessKeyId: 'AK', secretAccessKey: 'SK' }, 'us-east-1'),
      origins,
      patientOrigins: origins,
      abilities: WELL,
      checksums: [],
      watch: () => {},
    }
    const call = control(connection, { method: 'GET', bucket: 'bucket', patience: 100 })
    expect(await failure(call)).toMatchObject({ reason: 'stalled' })
    origins.close()
  })
})
