import { StoreUnavailable } from '../errors.ts'
import type { Address, ReadConditions, StoredHead, StoredObject, StoreRange } from '../store.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { Sql } from './catalog/sqlite.ts'
import { checkRead } from './conditions.ts'
import type { Parts } from './parts.ts'
import { diskFailed, hasCode } from './payload/disk.ts'
import { OPENED, PayloadBody } from './payload/payload-body.ts'
import { headOf, resolveRange } from './reading.ts'
import { findBucket } from './transactions/find-bucket.ts'
import { findPieces, type Piece } from './transactions/pieces.ts'
import { keyBytes } from './transactions/transaction.ts'
import { findObject } from './transactions/versions.ts'

export function headObject(catalog: Catalog, at: Address, conditions: ReadConditions): StoredHead {
  return catalog.read(sql => find(sql, at, conditions).head)
}

const ATTEMPTS = 10

/** Opens an object for reading. Its files stay readable to the end, whatever happens to the object meanwhile. */
export async function getObject(
  { catalog, folder, session }: Parts,
  at: Address,
  range: StoreRange | undefined,
  conditions: ReadConditions,
): Promise<StoredObject> {
  const look = () => catalog.read(sql => findPayload(sql, at, range, conditions))
  for (let left = ATTEMPTS; ; left--) {
    let found = look()
    let unpin = () => {}
    if (found.pieces.length > OPENED) {
      const id = await catalog.change('pin', { session: session.id })
      unpin = () => void catalog.change('unpin', { id }).catch(() => {})
      found = look()
    }
    try {
      const body = await PayloadBody.open(folder.payload, found.pieces, unpin)
      return { ...found.head, range: found.range, body }
    } catch (error) {
      unpin()
      // Overwritten or deleted between the look and the opening: look again.
      if (!hasCode(error, 'ENOENT')) throw diskFailed(error)
      if (left === 0) throw new StoreUnavailable('failed', 'a payload file that the index names is missing')
    }
  }
}

function find(sql: Sql, at: Address, conditions: ReadConditions): { id: number; head: StoredHead } {
  const bucket = findBucket(sql, at.bucket)
  const version = findObject(sql, bucket, keyBytes(at.key), at.versionId)
  checkRead(conditions, version)
  return { id: version.id, head: headOf(bucket, version) }
}

interface Payload {
  readonly head: StoredHead
  readonly range: { first: number; last: number }
  readonly pieces: Piece[]
}

function findPayload(
  sql: Sql,
  at: Address,
  wanted: StoreRange | undefined,
  conditions: ReadConditions,
): Payload {
  const { id, head } = find(sql, at, conditions)
  const range = resolveRange(wanted, head.length)
  const pieces = head.length === 0 ? [] : findPieces(sql, id, range.first, range.last)
  return { head, range, pieces }
}
