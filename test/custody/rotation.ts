import { expect, test } from 'vitest'
import { groupKeyContext } from '../../src/custody/group-key-row.ts'
import { GroupKeys } from '../../src/custody/group-keys.ts'
import { Keks } from '../../src/custody/keks.ts'
import { fileRoot } from '../../src/custody/roots/file.ts'
import { rewrap, rotateKek } from '../../src/custody/rotate-kek.ts'
import { unseal } from '../../src/custody/unseal.ts'
import { wrap } from '../../src/custody/wrap.ts'
import type { CustodyRegistry } from '../../src/registry/custody/registry.ts'
import { temporaryFolder } from './folder.ts'

const NOW = Date.UTC(2026, 10, 12)
const BATCH = 500

async function keysOver(registry: CustodyRegistry) {
  await registry.activate()
  const keks = new Keks(registry, await unseal(registry, fileRoot(`${temporaryFolder()}/root.key`), NOW))
  return { keks, groupKeys: new GroupKeys(registry, keks) }
}

/** A KEK's rotation over so many group keys, over whatever registry. */
export function rotationCarries(count: number, open: () => Promise<CustodyRegistry>): void {
  test(`a KEK rotated over ${count} group keys changes none of them and overwrites the old KEK`, async () => {
    const registry = await open()
    const { keks, groupKeys } = await keysOver(registry)
    const [sample] = await groupKeys.current('acme', 'photos', NOW)
    await multiply(registry, keks, count)
    const rotation = await rotateKek(registry, keks, 'acme', NOW)
    expect(rotation).toEqual({ version: 2, rewrapped: count + 1, destroyed: [1] })

    const old = await registry.database
      .selectFrom('keks')
      .selectAll()
      .where('version', '=', 1)
      .executeTakeFirst()
    expect(old).toMatchObject({ state: 'destroyed' })
    expect(old!.wrapped).toHaveLength(0)
    expect(await groupKeys.byId('acme', 'photos', sample!.id)).toEqual(sample)
    const other = await registry.database
      .selectFrom('group_keys')
      .selectAll()
      .where('bucket', '=', 'bucket-7')
      .executeTakeFirstOrThrow()
    expect((await groupKeys.open(other)).key).toHaveLength(32)
  })
}

/** What must hold of keys and their rotation, over whatever registry. */
export function rotationHolds(open: () => Promise<CustodyRegistry>): void {
  rotationCarries(1_000, open)

  test('a rotation that was cut off is finished by the next', async () => {
    const registry = await open()
    const { keks, groupKeys } = await keysOver(registry)
    const before = await groupKeys.current('acme', 'photos', NOW)
    await keks.advance('acme', NOW)
    expect(await groupKeys.current('acme', 'photos', NOW)).toEqual(before)
    expect(await rewrap(registry, keks, 'acme', NOW)).toEqual({ version: 2, rewrapped: 1, destroyed: [1] })
    expect(await groupKeys.current('acme', 'photos', NOW)).toEqual(before)
  })

  test('keys made while a KEK rotates all open afterwards', async () => {
    const registry = await open()
    const { keks, groupKeys } = await keysOver(registry)
    await groupKeys.current('acme', 'first', NOW)
    const buckets = Array.from({ length: 40 }, (_, number) => `bucket-${number}`)
    const [, , made] = await Promise.all([
      rotateKek(registry, keks, 'acme', NOW),
      rotateKek(registry, keks, 'acme', NOW),
      Promise.all(buckets.map(bucket => groupKeys.current('acme', bucket, NOW))),
    ])
    await rewrap(registry, keks, 'acme', NOW)
    expect(await Promise.all(buckets.map(bucket => groupKeys.current('acme', bucket, NOW)))).toEqual(made)
  })

  test('a key asked for within the month follows at once, nine times at most', async () => {
    const registry = await open()
    const { groupKeys } = await keysOver(registry)
    const [first] = await groupKeys.current('acme', 'photos', NOW)
    expect(await groupKeys.advance('acme', 'photos', NOW)).toBe('2026-11.2')
    const [second, ...rest] = await groupKeys.current('acme', 'photos', NOW)
    expect(rest).toEqual([])
    expect(second).toMatchObject({ epoch: '2026-11.2', state: 'active' })
    expect(second!.key).not.toEqual(first!.key)
    expect(await groupKeys.byId('acme', 'photos', first!.id)).toMatchObject({ state: 'decrypt-only' })
    for (let count = 3; count <= 9; count++) await groupKeys.advance('acme', 'photos', NOW)
    expect(await groupKeys.advance('acme', 'photos', NOW)).toBeUndefined()
    expect(await groupKeys.current('acme', 'photos', Date.UTC(2026, 11, 1))).toMatchObject([
      { epoch: '2026-12' },
    ])
  })

  test('a new key seals nothing before it is secured', async () => {
    const registry = await open()
    const { keks } = await keysOver(registry)
    const failing = new GroupKeys(registry, keks, async () => {
      throw new Error('the backup target is away')
    })
    await expect(failing.current('acme', 'photos', NOW)).rejects.toThrow('away')
    const secured: string[] = []
    const securing = new GroupKeys(registry, keks, async row => {
      secured.push(row.state)
    })
    expect(await securing.current('acme', 'photos', NOW)).toMatchObject([{ state: 'active' }])
    expect(secured).toEqual(['pending'])
  })
}

/** So many more group keys, written at once: one by one they would take longer than their rotation. */
export async function multiply(registry: CustodyRegistry, keks: Keks, count: number): Promise<void> {
  const kek_version = await keks.active('acme', NOW)
  const kek = await keks.open('acme', kek_version)
  const row = async (number: number) => {
    const id = crypto.getRandomValues(new Uint8Array(16))
    const about = { id, tenant: 'acme', bucket: `bucket-${number}`, epoch: '2026-11', kek_version }
    const wrapped = await wrap(kek, crypto.getRandomValues(new Uint8Array(32)), groupKeyContext(about))
    return { ...about, wrapped, state: 'active' as const, suspended: 0 as const, created: NOW }
  }
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from)
    const rows = await Promise.all(Array.from({ length: size }, (_, place) => row(from + place)))
    await registry.write(async transaction => {
      await transaction.insertInto('group_keys').values(rows).execute()
    })
  }
}
