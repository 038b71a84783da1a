import { randomUUID } from 'node:crypto'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from './catalog/catalog.ts'
import { claimAlone } from './claim.ts'
import type { DataFolder } from './folder.ts'
import { hasCode } from './payload/disk.ts'
import { blockFolder, fileOfName, filePath } from './payload/file-name.ts'

/** This process in the index: what it leaves unpublished when it dies is found by its name. */
export interface Session {
  readonly id: number
  /** Ends the session. `clean`: it leaves no file behind that the index does not name. */
  end(clean: boolean): Promise<void>
}

/** Called in turn. The claim comes before the row: a row without a living claim is a session that died. */
export async function beginSession(folder: DataFolder, catalog: Catalog): Promise<Session> {
  const name = randomUUID()
  const claim = claimAlone(join(folder.sessions, name))!
  const id = await catalog.change('enterSession', { claim: name })
  return {
    id,
    async end(clean) {
      if (clean) {
        await catalog.change('endSession', { session: id })
        await unlink(join(folder.sessions, name))
      }
      claim.release()
    },
  }
}

/** Removes what processes that died have left: files that no answer stands for. Called in turn; sessions of the living stay. */
export async function sweepSessions(folder: DataFolder, catalog: Catalog): Promise<void> {
  const rows = catalog.read(sql => sql.all`SELECT id, claim FROM session`) as { id: number; claim: string }[]
  const ids = new Map(rows.map(row => [row.claim, row.id]))
  for (const name of new Set([...ids.keys(), ...(await readdir(folder.sessions))])) {
    const claim = claimAlone(join(folder.sessions, name))
    if (claim === undefined) continue
    try {
      await sweepSession(folder, catalog, ids.get(name))
      await unlink(join(folder.sessions, name))
    } finally {
      claim.release()
    }
  }
}

async function sweepSession(
  folder: DataFolder,
  catalog: Catalog,
  session: number | undefined,
): Promise<void> {
  if (session === undefined) return
  const blocks = catalog.read(sql => sql.all`SELECT number FROM block WHERE session = ${session}`)
  for (const { number } of blocks) await sweepBlock(folder, catalog, number as number)
  await catalog.change('endSession', { session })
}

async function sweepBlock(folder: DataFolder, catalog: Catalog, block: number): Promise<void> {
  const names = await readdir(blockFolder(folder.payload, block)).catch(error => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  for (const name of names) {
    const file = fileOfName(block, name)
    if (file === undefined) continue
    const named = catalog.read(sql => sql.get`SELECT 1 FROM piece WHERE file = ${file}`)
    if (!named) await unlink(filePath(folder.payload, file)).catch(ignoreMissing)
  }
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error
}
