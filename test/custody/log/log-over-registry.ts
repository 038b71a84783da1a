import { expect, test } from 'vitest'
import type { Entry } from '../../../src/custody/log/entry.ts'
import { storedFiles } from '../../../src/custody/log/files.ts'
import { Journal } from '../../../src/custody/log/journal.ts'
import { Log } from '../../../src/custody/log/log.ts'
import { signer } from '../../../src/custody/log/note.ts'
import { verifyLog } from '../../../src/custody/log/verify.ts'
import { logRows } from '../../../src/registry/custody/log-rows.ts'
import type { CustodyRegistry } from '../../../src/registry/custody/registry.ts'

const key = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const entry = (n: number): Entry => ({
  type: 'lease',
  at: n,
  body: { n },
  hidden: { address: `192.0.2.${n % 256}` },
})

/** What must hold of the log's rows, over whatever registry. */
export function logHolds(open: () => Promise<CustodyRegistry>): void {
  test('the log grows in batches, opens again and is verified from its files', async () => {
    const registry = await open()
    await registry.activate()
    const rows = logRows(registry, key.name)
    for (let round = 0; round < 3; round++) {
      const log = await Log.open(rows, key)
      await Promise.all(Array.from({ length: 200 }, (_, n) => log.append(entry(n))))
    }
    const { head } = await Log.open(rows, key)
    expect(head.size).toBe(600)
    expect(await verifyLog(storedFiles(rows), { log: key })).toMatchObject({ size: 600, root: head.root })
  })

  test('the journal of a sealed custodian is taken in and emptied in the same commit', async () => {
    const registry = await open()
    await registry.activate()
    const rows = logRows(registry, key.name)
    const journal = new Journal(rows)
    await journal.append(entry(1))
    await journal.append(entry(2))
    expect((await Log.open(rows, key)).head.size).toBe(2)
    expect(await rows.journal()).toEqual([])
  })

  test('two logs over one registry cannot both append', async () => {
    const registry = await open()
    await registry.activate()
    const rows = logRows(registry, key.name)
    const [one, other] = [await Log.open(rows, key), await Log.open(rows, key)]
    await one.append(entry(0))
    await expect(other.append(entry(1))).rejects.toThrow(/Another process has written/)
    expect(await other.append(entry(2))).toBe(1)
  })

  test('a write that belongs to an entry is rolled back with it', async () => {
    const registry = await open()
    await registry.activate()
    const log = await Log.open(logRows(registry, key.name), key)
    const secret = { name: 'x', wrapped: Buffer.alloc(1), public: Buffer.alloc(0), created: 1 }
    await expect(
      log.append(entry(0), async transaction => {
        await transaction.insertInto('secrets').values(secret).execute()
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(log.head.size).toBe(0)
    expect(await registry.database.selectFrom('secrets').selectAll().execute()).toEqual([])
  })

  test('an erased address is gone, and the log verifies as before', async () => {
    const registry = await open()
    await registry.activate()
    const rows = logRows(registry, key.name)
    const log = await Log.open(rows, key)
    await log.append(entry(7))
    expect(await rows.erase('address', '192.0.2.7')).toBe(1)
    expect(await registry.database.selectFrom('log_hidden').selectAll().execute()).toEqual([])
    await verifyLog(storedFiles(rows), { log: key })
  })
}
