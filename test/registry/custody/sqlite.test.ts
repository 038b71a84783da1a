import { expect, test } from 'vitest'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../../custody/folder.ts'

test('one custodian is active over a file; its standby reads meanwhile, and becomes so when the first is gone', async () => {
  const file = `${temporaryFolder()}/custody.db`
  const [first, standby] = [await openSqliteRegistry(file), await openSqliteRegistry(file)]
  await first.activate()
  await expect(standby.activate()).rejects.toMatchObject({ name: 'RegistryInUse' })
  const told = Promise.withResolvers<void>()
  const active = standby.activate(told.resolve)
  await told.promise
  expect(await standby.database.selectFrom('term').select('term').execute()).toEqual([{ term: 1 }])
  await expect(standby.write(async () => {})).rejects.toMatchObject({ name: 'Deposed' })
  await first.write(async () => {})
  await first.close()
  await active
  await standby.write(async () => {})
  expect(await standby.database.selectFrom('term').select('term').execute()).toEqual([{ term: 2 }])
  await standby.close()
})

test('a standby that is told to stop waits no longer', async () => {
  const file = `${temporaryFolder()}/custody.db`
  const [first, standby] = [await openSqliteRegistry(file), await openSqliteRegistry(file)]
  await first.activate()
  const told = Promise.withResolvers<void>()
  const active = standby.activate(told.resolve)
  await told.promise
  await standby.close()
  await expect(active).rejects.toMatchObject({ name: 'Deposed' })
  await first.close()
})
