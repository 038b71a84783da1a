import { describe, expect, onTestFinished, test } from 'vitest'
import { TRAILING_CHECKSUMS } from '../../../src/objects/checksum.ts'
import { openS3Store, type S3Store, type S3StoreSettings, StoreUnfit } from '../../../src/store/s3/open.ts'
import { type Flaw, flawedStore } from './flawed-store.ts'

async function opened(flaws: Flaw[], settings: Partial<S3StoreSettings> = {}) {
  const { endpoint, requests } = await flawedStore(...flaws)
  const credential = { accessKeyId: 'AK', secretAccessKey: 'SK' }
  const store: S3Store = await openS3Store({
    endpoint,
    region: 'us-east-1',
    addressing: 'path',
    credential,
    ...settings,
  })
  onTestFinished(() => store.close())
  return { store, findings: store.findings, requests }
}

const ALL = { put: true, complete: true, delete: true, 'copy-source': true }

test('a store without flaws is used in the cheapest way', async () => {
  const { findings } = await opened([])
  expect(findings).toMatchObject({
    objectForm: 'unsigned-trailer',
    partForm: 'unsigned-trailer',
    publishesShortPuts: false,
    conditions: ALL,
  })
  expect(Math.abs(findings.clockSkew)).toBeLessThan(60_000)
})

test('the checksums that a store takes behind an object are found out', async () => {
  const checksums = TRAILING_CHECKSUMS
  const all = checksums.map(({ algorithm }) => algorithm)
  expect((await opened([], { checksums })).findings.checksums).toEqual(all)
  const fewer = await opened(['knows no MD5 behind an object'], { checksums })
  expect(fewer.findings.checksums).toEqual(all.filter(algorithm => algorithm !== 'MD5'))
})

test('the probe leaves nothing behind', async () => {
  const { requests } = await opened([])
  const created = requests.find(line => /^PUT \/treuhand-probe-[0-9a-f]{16}$/.test(line))!
  const bucket = created.slice('PUT '.length)
  const key = requests.find(line => line.startsWith(`PUT ${bucket}/`))!.slice('PUT '.length)
  expect(requests.slice(-2)).toEqual([`DELETE ${key}`, `DELETE ${bucket}`])
})

test('a named bucket is probed, and stays', async () => {
  const { requests } = await opened(['lets nobody create buckets'], { probeBucket: 'mine' })
  expect(requests.filter(line => /^\w+ \/[^/]+$/.test(line))).toEqual([])
  expect(requests.at(-1)).toMatch(/^DELETE \/mine\/treuhand-probe-/)
})

describe('refused is a store that', () => {
  test('publishes a PUT that was cut short', async () => {
    await expect(opened(['publishes short PUTs'])).rejects.toMatchObject({ code: 'publishes-short-puts' })
  })

  test('takes no trailer at all', async () => {
    await expect(opened(['refuses all trailers'])).rejects.toMatchObject({ code: 'takes-no-trailer' })
  })

  test('lets nobody create a bucket to probe, with the cure', async () => {
    const unfit = opened(['lets nobody create buckets'])
    await expect(unfit).rejects.toThrow(StoreUnfit)
    await expect(unfit).rejects.toMatchObject({ code: 'no-bucket-to-probe' })
    await expect(unfit).rejects.toThrow(/Name one/)
  })
})

test('a store that publishes short PUTs is taken where the configuration accepts it', async () => {
  const { findings } = await opened(['publishes short PUTs'], { acceptShortPuts: true })
  expect(findings.publishesShortPuts).toBe(true)
})

describe('a store is used as it is where it', () => {
  test('refuses unsigned trailers: its chunks are signed', async () => {
    const { findings } = await opened(['refuses unsigned trailers'])
    expect(findings).toMatchObject({ objectForm: 'signed-trailer', partForm: 'signed-trailer' })
  })

  test('refuses trailers on parts: its parts go plain', async () => {
    expect((await opened(['refuses trailers on parts'])).findings).toMatchObject({ partForm: 'plain' })
  })

  test.each([
    ['ignores If-Match on PUT', 'put'],
    ['ignores If-None-Match on PUT', 'put'],
    ['ignores conditions on Complete', 'complete'],
    ['ignores conditions on DELETE', 'delete'],
    ['ignores conditions on copies', 'copy-source'],
  ] as const)('%s: nobody relies on it', async (flaw, request) => {
    expect((await opened([flaw])).findings.conditions).toEqual({ ...ALL, [request]: false })
  })
})

test('what an earlier probe found is believed', async () => {
  const { findings } = await opened([])
  const { requests } = await opened([], { findings })
  expect(requests).toEqual([])
})
