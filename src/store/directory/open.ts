import { Catalog } from './catalog/catalog.ts'
import { type Claim, claimFolder, claimTurn } from './claim.ts'
import { DirectoryStore } from './directory-store.ts'
import { completeFolder, type DataFolder, findFolder } from './folder.ts'
import { GarbageCollector } from './garbage.ts'
import { Blocks } from './payload/blocks.ts'
import { Room } from './payload/room.ts'
import { beginSession, sweepSessions } from './sessions.ts'

export interface DirectoryOptions {
  /** The data folder. It is made where it is missing. */
  readonly path: string
  /**
   * Processes that name the same family may have the folder open at once: the workers of one proxy, on one
   * machine. Without a name this process has it alone.
   */
  readonly family?: string
}

/**
 * Opens the embedded store: ciphertext in files, index in SQLite. What processes that died have left behind
 * is gone when it resolves.
 * @throws DataFolderRefused where the folder is of another layout, in use, or not to be used
 */
export async function openDirectoryStore({ path, family }: DirectoryOptions): Promise<DirectoryStore> {
  const folder = await findFolder(path)
  const claim = await claimFolder(folder, family)
  try {
    return await openClaimed(folder, claim)
  } catch (error) {
    claim.release()
    throw error
  }
}

/** One process of the family after the other, so that none takes one that has just begun for one that died. */
async function openClaimed(folder: DataFolder, claim: Claim): Promise<DirectoryStore> {
  const turn = await claimTurn(folder)
  try {
    await completeFolder(folder)
    const catalog = new Catalog(folder.index, () => void garbage.collect().catch(() => {}))
    const garbage = new GarbageCollector(catalog, folder.payload)
    try {
      await sweepSessions(folder, catalog)
      const session = await beginSession(folder, catalog)
      const blocks = new Blocks(catalog, folder.payload, session.id)
      const room = new Room(folder.path)
      void garbage.collect().catch(() => {})
      return new DirectoryStore({ folder, catalog, blocks, room, session, garbage, claim })
    } catch (error) {
      await catalog.close()
      throw error
    }
  } finally {
    turn.release()
  }
}
