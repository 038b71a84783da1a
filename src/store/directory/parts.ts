import type { Catalog } from './catalog/catalog.ts'
import type { Claim } from './claim.ts'
import type { DataFolder } from './folder.ts'
import type { GarbageCollector } from './garbage.ts'
import type { Blocks } from './payload/blocks.ts'
import type { Room } from './payload/room.ts'
import type { Session } from './sessions.ts'

/** What an open directory store works with. */
export interface Parts {
  readonly folder: DataFolder
  readonly catalog: Catalog
  readonly blocks: Blocks
  readonly room: Room
  readonly session: Session
  readonly garbage: GarbageCollector
  readonly claim: Claim
}
