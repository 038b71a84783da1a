import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig, readConfigFile } from '../../src/config/read.ts'
import { configurationReference } from '../../src/config/reference.ts'

const parse = (json: unknown) => parseConfig(json, '/etc/treuhand')
const s3 = { kind: 's3', endpoint: 'https://s3.example.com', credentials: 'store' }

describe('the configuration', () => {
  test('an empty one is whole', () => {
    expect(parse({})).toEqual({
      listen: { host: '127.0.0.1', port: 8700 },
      data: '/etc/treuhand/treuhand-data',
      region: 'us-east-1',
      baseDomains: [],
      buckets: {},
      store: { kind: 'directory' },
      keys: { kind: 'file' },
      workers: 1,
      aead: 'auto',
      anonymous: [],
      announceEncryption: true,
      log: { level: 'info' },
    })
  })

  test('paths count from the folder of the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'treuhand-config-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'treuhand.json')
    writeFileSync(file, JSON.stringify({ data: '/var/lib/treuhand', store: s3 }))
    const { data, store } = readConfigFile(file)
    expect(data).toBe('/var/lib/treuhand')
    expect(store).toMatchObject({
      credentials: join(folder, 'store'),
      profile: 'default',
      addressing: 'path',
    })
  })

  test.each([
    [{ lisen: {} }, 'There is no setting `lisen`. Did you mean `listen`?'],
    [{ store: { ...s3, endpont: 'x' } }, 'There is no setting `store.endpont`. Did you mean `endpoint`?'],
    [
      { store: { kind: 'directory', region: 'x' } },
      'There is no setting `store.region`. There are kind, path.',
    ],
    [{ listen: { port: '8700' } }, '`listen.port` must be a whole number from 0 to 65535.'],
    [{ listen: { port: 65536 } }, '`listen.port` must be a whole number from 0 to 65535.'],
    [{ listen: { tls: { certificate: 'c' } } }, '`listen.tls.key` is missing'],
    [{ store: { kind: 's4' } }, '`store.kind` must be "directory" or "s3".'],
    [{ store: { kind: 's3', endpoint: 'https://h' } }, '`store.credentials` is missing'],
    [{ store: { ...s3, endpoint: 's3.example.com' } }, '`store.endpoint` must be'],
    [{ store: { ...s3, endpoint: 'https://id:secret@s3.example.com' } }, '`store.endpoint` must be'],
    [{ anonymous: [{ buckets: ['a'], actions: ['write'] }] }, '`anonymous[0].actions` must be'],
    [{ anonymous: [{ buckets: ['a'], actions: ['read'], bucket: 'b' }] }, 'no setting `anonymous[0].bucket`'],
    [
      { keys: { kind: 'custodian', urls: ['http://c'], credentials: 'c' } },
      '`keys.urls` must be a list, each of it a URL',
    ],
    [{ buckets: { photos: 'acme', images: 'acme' } }, 'gives "acme" two names, "photos" and "images"'],
    [{ buckets: { photos: 'no/bucket' } }, '`buckets` must be an object of bucket names'],
    [{ buckets: { 'no/bucket': 'acme' } }, '`buckets` must be an object of bucket names'],
    [{ baseDomains: 'a' }, '`baseDomains` must be a list, each of it'],
    [{ log: { level: 'loud' } }, '`log.level` must be "debug", "info", "warn" or "error".'],
    [{ announceEncryption: 1 }, '`announceEncryption` must be `true` or `false`.'],
    [{ toString: 1 }, 'There is no setting `toString`.'],
    [[], 'The configuration must be an object.'],
    [null, 'The configuration must be an object.'],
  ])('%j is refused with what is wrong', (json, message) => {
    expect(() => parse(json)).toThrow(message)
  })

  test('a file that is missing or no JSON is named', () => {
    expect(() => readConfigFile('/nowhere/treuhand.json')).toThrow('/nowhere/treuhand.json')
    expect(() => readConfigFile(import.meta.filename)).toThrow('is not JSON')
  })

  test('docs/configuration.md is what the schema says', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
    expect(page, 'run `npm run docs`').toBe(configurationReference())
  })
})
