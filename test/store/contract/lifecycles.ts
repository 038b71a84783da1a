import { describe, expect, test } from 'vitest'
import type { LifecycleRule } from '../../../src/store/lifecycle.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

const RULES: LifecycleRule[] = [
  { id: 'a', enabled: true, scope: { form: 'prefix', prefix: 'log/' }, expiration: { days: 3 } },
  {
    id: 'b',
    enabled: false,
    scope: { form: 'and', prefix: 'tmp/', tags: [{ key: 'k', value: 'v & w' }], largerThan: 500 },
    expiration: { date: new Date('2030-01-01T00:00:00Z') },
    noncurrentExpiration: { days: 7, keep: 2 },
  },
  { id: 'c', enabled: true, scope: { form: 'filter', prefix: '' }, abortUploadsAfterDays: 1 },
  {
    id: 'd',
    enabled: true,
    scope: { form: 'filter', prefix: 'x' },
    expiration: { expiredDeleteMarkers: true },
  },
]

export function testLifecycles(subject: Subject): void {
  describe.skipIf(subject.lacks.has('lifecycle'))(`${subject.name}: lifecycle configurations`, () => {
    const store = useStore(subject)

    test('rules read back as they were written', async () => {
      const bucket = await newBucket(store())
      expect(await refusalCode(store().getLifecycle(bucket))).toBe('NoSuchLifecycleConfiguration')
      const rules = RULES.filter(
        rule => rule.abortUploadsAfterDays === undefined || !subject.lacks.has('lifecycle of uploads'),
      )
      await store().putLifecycle(bucket, rules)
      const read = await store().getLifecycle(bucket)
      expect([...read].sort((a, b) => (a.id! < b.id! ? -1 : 1))).toEqual(rules)
      await store().deleteLifecycle(bucket)
      expect(await refusalCode(store().getLifecycle(bucket))).toBe('NoSuchLifecycleConfiguration')
    })
  })
}
