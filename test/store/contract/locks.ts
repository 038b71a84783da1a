import { describe, expect, test } from 'vitest'
import { get, PLAIN, pattern, put } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

const DAY = 86_400_000

export function testLocks(subject: Subject): void {
  describe.skipIf(subject.lacks.has('versioning'))(`${subject.name}: object lock`, () => {
    const store = useStore(subject)
    const forbidden = subject.lacks.has('codes of locks') ? 'InvalidRequest' : 'AccessDenied'
    /** Whole seconds: that is how precise S3 answers are. */
    const inDays = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY)

    async function lockable() {
      const at = { bucket: await newBucket(store(), true), key: 'k' }
      const written = await put(store(), at, pattern(10))
      return { at, version: { ...at, versionId: written.attributes['x-amz-version-id']! } }
    }

    test('a bucket made for object lock has versioning, and keeps both', async () => {
      const { at } = await lockable()
      expect(await store().getVersioning(at.bucket)).toBe('Enabled')
      expect(await store().getLockConfiguration(at.bucket)).toEqual({})
      expect(await refusalCode(store().putVersioning(at.bucket, 'Suspended'))).toBe('InvalidBucketState')
    })

    test('a bucket without object lock says so, and takes no lock', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(10))
      expect(await refusalCode(store().getLockConfiguration(at.bucket))).toBe(
        'ObjectLockConfigurationNotFoundError',
      )
      expect(
        await refusalCode(store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(1) }, false)),
      ).toBe('InvalidRequest')
      expect(await refusalCode(store().putLegalHold(at, true))).toBe('InvalidRequest')
    })

    test('a version under COMPLIANCE cannot be deleted, nor its time shortened, by anybody', async () => {
      const { at, version } = await lockable()
      await store().putRetention(at, { mode: 'COMPLIANCE', until: inDays(2) }, false)
      expect(await store().getRetention(at)).toEqual({ mode: 'COMPLIANCE', until: inDays(2) })
      expect(await refusalCode(store().delete(version, { bypassGovernance: true }))).toBe(forbidden)
      expect(
        await refusalCode(store().putRetention(at, { mode: 'COMPLIANCE', until: inDays(1) }, true)),
      ).toBe(forbidden)
      expect(
        await refusalCode(store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(3) }, true)),
      ).toBe(forbidden)
      await store().putRetention(at, { mode: 'COMPLIANCE', until: inDays(3) }, false)
      const [outcome] = await store().deleteMany(
        at.bucket,
        [{ key: at.key, versionId: version.versionId }],
        true,
      )
      expect(outcome).toMatchObject({ error: forbidden })
      expect(await get(store(), version)).toHaveLength(10)
    })

    test('a lock keeps the version, not the key: a marker may cover it', async () => {
      const { at, version } = await lockable()
      await store().putRetention(at, { mode: 'COMPLIANCE', until: inDays(1) }, false)
      expect(await store().delete(at, {})).toMatchObject({ deleteMarker: true })
      expect(await get(store(), version)).toHaveLength(10)
    })

    test('GOVERNANCE holds without a bypass', async () => {
      const { at, version } = await lockable()
      await store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(2) }, false)
      expect(await refusalCode(store().delete(version, {}))).toBe(forbidden)
      expect(
        await refusalCode(store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(1) }, false)),
      ).toBe(forbidden)
    })

    test.skipIf(subject.lacks.has('governance bypass'))('GOVERNANCE yields to a bypass', async () => {
      const { at, version } = await lockable()
      await store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(2) }, false)
      await store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(1) }, true)
      await store().delete(version, { bypassGovernance: true })
      expect(await refusalCode(store().get(version, undefined, {}))).toMatch(/^NoSuch(Key|Version)$/)
    })

    test('a legal hold keeps a version until it is lifted', async () => {
      const { at, version } = await lockable()
      expect(await refusalCode(store().getLegalHold(at))).toBe('NoSuchObjectLockConfiguration')
      await store().putLegalHold(at, true)
      expect(await store().getLegalHold(at)).toBe(true)
      expect((await store().head(at, {})).attributes['x-amz-object-lock-legal-hold']).toBe('ON')
      expect(await refusalCode(store().delete(version, { bypassGovernance: true }))).toBe(forbidden)
      await store().putLegalHold(at, false)
      expect(await store().getLegalHold(at)).toBe(false)
      await store().delete(version, {})
    })

    test.skipIf(subject.lacks.has('default retention shown'))(
      'a new object takes the lock that its request names, or else the bucket’s',
      async () => {
        const { at } = await lockable()
        await store().putLockConfiguration(at.bucket, {
          defaultRetention: { mode: 'GOVERNANCE', period: { days: 3 } },
        })
        expect(await store().getLockConfiguration(at.bucket)).toEqual({
          defaultRetention: { mode: 'GOVERNANCE', period: { days: 3 } },
        })
        await put(store(), at, pattern(10))
        const { mode, until } = await store().getRetention(at)
        expect(mode).toBe('GOVERNANCE')
        expect(Math.abs(until.getTime() - Date.now() - 3 * DAY)).toBeLessThan(60_000)
        const settings = {
          'x-amz-object-lock-mode': 'COMPLIANCE',
          'x-amz-object-lock-retain-until-date': inDays(5).toISOString(),
          'x-amz-object-lock-legal-hold': 'ON',
        }
        await put(store(), at, pattern(10), {}, { ...PLAIN, settings })
        expect(await store().getRetention(at)).toEqual({ mode: 'COMPLIANCE', until: inDays(5) })
        expect(await store().getLegalHold(at)).toBe(true)
      },
    )

    test('a retention in the past is refused', async () => {
      const { at } = await lockable()
      expect(
        await refusalCode(store().putRetention(at, { mode: 'GOVERNANCE', until: inDays(-1) }, false)),
      ).toBe(subject.lacks.has('codes of locks') ? 'MalformedXML' : 'InvalidArgument')
    })
  })
}
