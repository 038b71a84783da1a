import { onTestFinished } from 'vitest'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { callsHold } from './calls.ts'
import { temporaryFolder } from './folder.ts'

callsHold(async () => {
  const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
  onTestFinished(() => registry.close())
  return registry
})
