import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import type { CustodyRegistry } from '../../../src/registry/custody/registry.ts'
import { NEWEST } from '../../../src/registry/custody/schema.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { govern } from '../../custody/governed.ts'

/** A registry that an older program made, and where its copy comes to lie. */
export interface OlderRegistry {
  open(schema?: number): Promise<CustodyRegistry>
  copyOf(schema: number): string
}

/** What must hold of a registry that an older program made, whatever it is. */
export function olderSchemaHolds(make: () => Promise<OlderRegistry>): void {
  test('a newer program keeps a copy of an older registry first, over which the older one starts', async () => {
    const { open, copyOf } = await make()
    const older = await open(NEWEST - 1)
    const first = await govern({ registry: older })
    await first.open()
    const key = async (custody: typeof first.custody) =>
      (await custody.opened().groupKeys.current('acme', 'photos', first.clock.now))[0]!.key
    const before = await key(first.custody)
    const { size } = first.custody.opened().log.head
    await first.close()
    expect(existsSync(copyOf(NEWEST - 1))).toBe(false)

    const newer = await open()
    onTestFinished(() => newer.close())
    expect(await newer.database.selectFrom('answers').selectAll().execute()).toEqual([])

    const copy = await openSqliteRegistry(copyOf(NEWEST - 1), NEWEST - 1)
    const again = await govern({ ...first, registry: copy })
    await again.open()
    expect(await key(again.custody)).toEqual(before)
    expect(again.custody.opened().log.head.size).toBe(size + 1)
  })

  test('a new registry, and one of the newest schema, is not copied', async () => {
    const { open, copyOf } = await make()
    for (let i = 0; i < 2; i++) await open().then(async registry => await registry.close())
    for (let schema = 0; schema <= NEWEST; schema++) expect(existsSync(copyOf(schema))).toBe(false)
  })
}
