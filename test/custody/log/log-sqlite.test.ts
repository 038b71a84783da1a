import { onTestFinished } from 'vitest'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../folder.ts'
import { logHolds } from './log-over-registry.ts'

logHolds(async () => {
  const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
  onTestFinished(() => registry.close())
  return registry
})
