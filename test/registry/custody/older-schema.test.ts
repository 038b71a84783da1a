import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NEWEST } from '../../../src/registry/custody/schema.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../../custody/folder.ts'
import { olderSchemaHolds } from './older-schema.ts'

olderSchemaHolds(async () => {
  const file = `${temporaryFolder()}/custody.db`
  return {
    open: schema => openSqliteRegistry(file, schema),
    copyOf: schema => `${file}.schema-${schema}`,
  }
})

test('where no copy can be kept the older registry stays as it is, and the sentence says what to do', async () => {
  const file = `${temporaryFolder()}/custody.db`
  await (await openSqliteRegistry(file, NEWEST - 1)).close()
  // Something that a copy cannot replace.
  mkdirSync(`${file}.schema-${NEWEST - 1}/full`, { recursive: true })
  await expect(openSqliteRegistry(file)).rejects.toMatchObject({
    name: 'CannotCopyFirst',
    message: expect.stringMatching(/Nothing was changed\. Make room/),
  })
  const older = await openSqliteRegistry(file, NEWEST - 1)
  expect(await older.database.introspection.getTables()).not.toContainEqual(
    expect.objectContaining({ name: 'answers' }),
  )
  await older.close()
})
