import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GroupKeys } from '../../src/keys/group-keys.ts'
import type { ChecksumAlgorithm } from '../../src/objects/checksum.ts'
import { storeETag } from '../../src/objects/etag.ts'
import type { ObjectHeaders } from '../../src/objects/object.ts'
import { Objects } from '../../src/objects/objects.ts'
import { reencryptObject } from '../../src/objects/reencrypt.ts'
import type { Room } from '../../src/objects/room.ts'
import { Job, type Version } from '../../src/reencryption/job.ts'
import { rewriteDue, settleBegun } from '../../src/reencryption/rewrite.ts'
import { survey } from '../../src/reencryption/survey.ts'
import { nodeEngine } from '../../src/seal/engine-node.ts'
import { readStoredHeaders } from '../../src/seal/metadata.ts'
import type { NewObject } from '../../src/store/store.ts'
import { contents, named, openRoom, pattern, plain } from '../objects/harness.ts'

const MIN = 5 * 2 ** 20
const READ = { conditions: {}, checksum: true }
const NOTHING = { headers: [], settings: {}, conditions: {} }
const OCTOBER = Date.UTC(2026, 9, 12)
const NOVEMBER = Date.UTC(2026, 10, 12)

let time: number
/** With the key of October, and from when the month has turned. */
let october: Room
let november: Room
let close: () => Promise<void>
let key: Uint8Array

beforeEach(async () => {
  time = OCTOBER
  const opened = await openRoom(() => time)
  ;({ room: october, close } = opened)
  await october.store.createBucket('photos', {})
  key = (await october.keys.current('acme', 'photos')).id
  time = NOVEMBER
  november = { ...october, keys: new GroupKeys(opened.custodian, nodeEngine) }
})
afterEach(() => close())

async function newJob(file = join(folder(), 'job.sqlite')): Promise<Job> {
  const job = await Job.open(file)
  onTestFinished(() => job.close().catch(() => {}))
  return job
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'treuhand-job-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const lookThrough = (job: Job, buckets: readonly string[] = ['photos']) =>
  survey(november, buckets, key, job, 8, () => {})
const rewrite = (job: Job) => rewriteDue(november, 'acme', job, 8, () => {})

async function all(versions: AsyncIterable<Version>): Promise<Version[]> {
  return await Array.fromAsync(versions)
}

async function putOctober(
  name: string,
  bytes: Buffer,
  more: { headers?: ObjectHeaders; settings?: NewObject['settings']; checksum?: ChecksumAlgorithm } = {},
): Promise<string> {
  const { headers = [], settings = {} } = more
  const body = plain(bytes, undefined, more.checksum)
  const { etag } = await new Objects(october).put(named(name), { headers, settings, conditions: {} }, body)
  return etag
}

async function envelopeOf(name: string, bucket = 'photos') {
  return readStoredHeaders(await october.store.head({ bucket, key: name }, {}))!.envelope
}

describe('an object that is re-encrypted', () => {
  test('keeps headers, tags, checksum and bytes; its DEK, group key and ETag are new', async () => {
    const headers = [
      ['content-type', 'text/plain; charset=latin1'],
      ['cache-control', 'no-store'],
      ['x-amz-meta-note', 'gr\xfc\xdfe'],
    ] as const
    const settings = { 'x-amz-tagging': 'colour=r%C3%B6t&a%2Bb=c%20d' }
    const bytes = pattern(200_000)
    const etag = await putOctober('one', bytes, { headers, settings, checksum: 'SHA256' })
    const objects = new Objects(november)
    const before = await objects.head(named('one'), READ)
    const old = await envelopeOf('one')

    const answer = await reencryptObject(november, named('one'), storeETag(etag)!, async () => {})

    const after = await objects.get(named('one'), READ)
    expect(after.etag).toBe(answer.etag)
    expect(after.etag).not.toBe(etag)
    expect(after.headers).toEqual(before.headers)
    expect(after.checksum).toEqual(before.checksum)
    expect(Buffer.compare(await contents(after), bytes)).toBe(0)
    expect((await objects.store.getTags(objects.address(named('one')))).tags).toEqual([
      { key: 'colour', value: 'röt' },
      { key: 'a+b', value: 'c d' },
    ])
    const now = await envelopeOf('one')
    expect(Buffer.compare(now.groupKeyId, key)).not.toBe(0)
    expect(Buffer.compare(now.commitment, old.commitment)).not.toBe(0)
  })

  test.each([
    ['empty', 0],
    ['larger than what is read at once', 3 * 2 ** 20],
  ])('may be %s', async (_, size) => {
    const bytes = pattern(size)
    const etag = await putOctober('sized', bytes, { checksum: 'CRC32C' })
    await reencryptObject(november, named('sized'), storeETag(etag)!, async () => {})
    const after = await new Objects(november).get(named('sized'), READ)
    expect(after.checksum?.algorithm).toBe('CRC32C')
    expect(Buffer.compare(await contents(after), bytes)).toBe(0)
  })

  test.each([
    ['of two uneven parts', [MIN + 12_345, 777]],
    ['with an empty last part', [MIN, 0]],
    ['of parts larger than a segment alone', [MIN, MIN + 70_000]],
  ])('keeps its parts, %s', async (_, sizes) => {
    const objects = new Objects(october)
    const checksum = { algorithm: 'CRC32' as const, type: 'COMPOSITE' as const }
    const { uploadId } = await objects.createUpload(named('parts'), { headers: [], settings: {}, checksum })
    const parts = []
    for (const [index, size] of sizes.entries()) {
      const number = index * 3 + 2
      const sent = await objects.uploadPart(
        named('parts'),
        uploadId,
        number,
        plain(pattern(size, index + 1), undefined, 'CRC32'),
      )
      parts.push({ number, etag: sent.etag, checksum: sent.checksum! })
    }
    await objects.completeUpload(named('parts'), uploadId, { parts, conditions: {} })
    const before = await objects.head(named('parts'), READ)

    await reencryptObject(november, named('parts'), storeETag(before.etag)!, async () => {})

    const after = await new Objects(november).get(named('parts'), READ)
    expect(after.checksum).toEqual(before.checksum)
    const shapes = (object: typeof before) =>
      object.parts!.map(({ number, size, checksum }) => ({ number, size, checksum: Buffer.from(checksum!) }))
    expect(shapes(after)).toEqual(shapes(before))
    const whole = Buffer.concat(sizes.map((size, index) => pattern(size, index + 1)))
    expect(Buffer.compare(await contents(after), whole)).toBe(0)
    expect(Buffer.compare((await envelopeOf('parts')).groupKeyId, key)).not.toBe(0)
  })

  test('gives way to whoever wrote or deleted it since', async () => {
    const etag = storeETag(await putOctober('raced', pattern(10)))!
    const raced = (between: () => Promise<unknown>) =>
      reencryptObject(november, named('raced'), etag, async () => void (await between()))
    await expect(raced(() => putOctober('raced', pattern(20)))).rejects.toMatchObject({
      code: 'PreconditionFailed',
    })
    expect((await new Objects(november).head(named('raced'), READ)).size).toBe(20)
    await new Objects(november).delete(named('raced'), {})
    await expect(raced(async () => {})).rejects.toMatchObject({ code: 'NoSuchKey' })
  })
})

describe('a survey', () => {
  test('tells what a key reaches: what names it, copies under the same DEK, and nothing else', async () => {
    await october.store.createBucket('elsewhere', {})
    await putOctober('named', pattern(10))
    await putOctober('gone', pattern(11))
    const objects = new Objects(november)
    await objects.put(named('of November'), NOTHING, plain(pattern(12)))
    const copy = { settings: {}, conditions: {} }
    await objects.copy(named('named'), named('copy', 'elsewhere'), copy)
    await objects.copy(named('copy', 'elsewhere'), named('copy of a copy'), copy)
    const job = await newJob()
    await lookThrough(job, ['elsewhere', 'photos'])
    await objects.delete(named('named'), {})
    const reached = (await all(job.reach('all'))).map(({ bucket, key, named }) => [bucket, key, named])
    expect(reached).toEqual([
      ['elsewhere', 'copy', 0],
      ['photos', 'copy of a copy', 0],
      ['photos', 'gone', 1],
      ['photos', 'named', 1],
    ])
  })

  test('looks only at what it does not know', async () => {
    await putOctober('a', pattern(10))
    await putOctober('b', pattern(10))
    const job = await newJob()
    let looked = 0
    const count = () => survey(november, ['photos'], key, job, 8, versions => (looked += versions))
    await count()
    await putOctober('b', pattern(11))
    await count()
    expect(looked).toBe(3)
  })
})

describe('a job', () => {
  test('leaves no copy under a DEK that the key has wrapped, also where the original was overwritten', async () => {
    await putOctober('original', pattern(10))
    const objects = new Objects(november)
    await objects.copy(named('original'), named('copy'), { settings: {}, conditions: {} })
    const { commitment } = await envelopeOf('copy')
    const job = await newJob()
    await lookThrough(job)
    await objects.put(named('original'), NOTHING, plain(pattern(5)))
    await rewrite(job)
    await lookThrough(job)
    expect(await job.sums()).toMatchObject({ due: { versions: 0 }, rewritten: { versions: 1 } })
    expect(Buffer.compare((await envelopeOf('copy')).commitment, commitment)).not.toBe(0)
  })

  test('in a bucket with versions ends with one version of each object, under the new key', async () => {
    await october.store.putVersioning('photos', 'Enabled')
    await putOctober('kept', pattern(10))
    const job = await newJob()
    await lookThrough(job)
    await rewrite(job)
    const { versions } = await october.store.listVersions('photos', { limit: 10 })
    expect(versions.map(({ key, latest }) => [key, latest])).toEqual([['kept', true]])
    await lookThrough(job)
    expect(await all(job.reach('all'))).toEqual([])
  })

  test('names what it cannot rewrite: locked versions, and those behind a newer one', async () => {
    await october.store.createBucket('vault', { objectLock: true })
    const objects = new Objects(october)
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const lock = { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': until }
    await objects.put(named('locked', 'vault'), { ...NOTHING, settings: lock }, plain(pattern(10)))
    const held = { 'x-amz-object-lock-legal-hold': 'ON' }
    await objects.put(named('held', 'vault'), { ...NOTHING, settings: held }, plain(pattern(10)))
    await objects.put(named('twice', 'vault'), NOTHING, plain(pattern(10)))
    await objects.put(named('twice', 'vault'), NOTHING, plain(pattern(11)))
    const vaultKey = (await october.keys.current('acme', 'vault')).id
    const job = await newJob()
    await survey(november, ['vault'], vaultKey, job, 8, () => {})
    await rewrite(job)
    const left = (await all(job.reach('left'))).map(({ key, left }) => [key, left])
    expect(left).toEqual([
      ['held', 'locked'],
      ['locked', 'locked'],
      ['twice', 'older'],
    ])
    const { size } = await new Objects(november).head(named('twice', 'vault'), READ)
    expect(size).toBe(11)
  })

  test('cut off between the write and the removal of the old version goes on with the removal', async () => {
    await october.store.putVersioning('photos', 'Enabled')
    await putOctober('cut', pattern(10))
    await putOctober('not begun', pattern(10))
    const file = join(folder(), 'job.sqlite')
    const first = await newJob(file)
    await lookThrough(first)
    const [old] = await all(first.reach('due'))
    const name = { ...named('cut'), versionId: old!.version }
    await reencryptObject(november, name, old!.etag, commitment => first.begin(old!, commitment))
    const [unwritten] = (await all(first.reach('due'))).slice(1)
    await first.begin(unwritten!, new Uint8Array(32))
    await first.close()

    const second = await newJob(file)
    await settleBegun(november, second)
    await lookThrough(second)
    await rewrite(second)
    const { versions } = await october.store.listVersions('photos', { limit: 10 })
    expect(versions.map(({ key, latest }) => [key, latest])).toEqual([
      ['cut', true],
      ['not begun', true],
    ])
    await lookThrough(second)
    expect(await second.sums()).toMatchObject({ due: { versions: 0 }, rewritten: { versions: 2 } })
  })

  test('loses and tears nothing of what clients write to the same keys meanwhile', async () => {
    const count = 200
    const names = Array.from({ length: count }, (_, number) => `object-${number}`)
    for (const name of names) await putOctober(name, numbered(name, 0))
    const objects = new Objects(november)
    const newest = new Map(names.map(name => [name, 0]))
    let stop = false
    const client = async (seed: number) => {
      for (let place = seed; !stop; place = (place + 3) % count) {
        // Each its own: whose writing is the newest must be known.
        const name = names[place - (place % 3) + seed]
        if (name === undefined) continue
        const turn = newest.get(name)! + 1
        await objects.put(named(name), NOTHING, plain(numbered(name, turn)))
        newest.set(name, turn)
        await sleep(1)
      }
    }
    const clients = [0, 1, 2].map(client)
    const job = await newJob()
    for (;;) {
      await lookThrough(job)
      if ((await job.sums()).due.versions === 0) break
      await rewrite(job)
    }
    stop = true
    await Promise.all(clients)
    for (const name of names) {
      const bytes = await contents(await objects.get(named(name), READ))
      expect(bytes.equals(numbered(name, newest.get(name)!))).toBe(true)
      expect(Buffer.compare((await envelopeOf(name)).groupKeyId, key)).not.toBe(0)
    }
  })
})

/** Bytes that tell which object they are of, and which writing. */
const numbered = (name: string, turn: number): Buffer =>
  Buffer.concat([Buffer.from(`${name} ${turn} `), pattern(1_000 + turn, turn + 1)])
