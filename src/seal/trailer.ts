import { createHash, timingSafeEqual } from 'node:crypto'
import type { SealedChecksum } from './checksum-codes.ts'
import type { Dek } from './dek.ts'
import { DoesNotOpen } from './errors.ts'
import { Layout } from './layout.ts'
import { MAX_PARTS, SUMMARY, storedLength, trailerLength } from './lengths.ts'
import { openSummary, type Summary, sealSummary } from './summary.ts'
import { openTable, sealTable } from './table.ts'

/** What is known of the whole plaintext when its last byte has passed. */
export interface Digests {
  readonly checksum?: SealedChecksum
  /** 16 bytes. */
  readonly md5?: Uint8Array
}

/** Random bytes for a trailer, fresh each time: 24 for the summary, 24 for the table of a multipart object. */
export interface TrailerNonces {
  readonly table: Uint8Array
  readonly summary: Uint8Array
}

/** All that follows the parts: zeros ‖ table ‖ summary, in one piece. */
export function sealTrailer(dek: Dek, layout: Layout, digests: Digests, nonces: TrailerNonces): Uint8Array {
  const trailer = Buffer.alloc(layout.stored - layout.zerosStart)
  let tableHash: Uint8Array = NO_TABLE
  if (layout.kind === 'multipart') {
    const table = sealTable(dek, layout.parts, nonces.table)
    trailer.set(table, layout.trailerStart - layout.zerosStart)
    tableHash = sha256(table)
  }
  const parts = layout.kind === 'multipart' ? layout.parts.length : 0
  const summary: Summary = { ...digests, parts, size: layout.size, tableHash }
  trailer.set(sealSummary(dek, summary, nonces.summary), trailer.length - SUMMARY)
  return trailer
}

/**
 * Opens the summary of an object that came by one PUT.
 * @param tail the object's last bytes, 256 at least
 * @param size its plaintext bytes, as the sealed metadata has them
 * @throws DoesNotOpen
 */
export function openSingleTail(dek: Dek, tail: Uint8Array, size: number): Summary {
  const summary = openSummary(dek, lastBytes(tail, SUMMARY))
  if (summary.parts !== 0 || summary.size !== size) throw new DoesNotOpen()
  return summary
}

export type MultipartTail =
  | { readonly summary: Summary; readonly layout: Layout }
  /** So many of the object's last bytes hold the whole table. */
  | { readonly summary: Summary; readonly needed: number }

/**
 * Opens summary and table of a multipart object.
 * @param tail the object's last bytes, 256 at least: 65,536 hold more than 500 rows
 * @param stored the object's whole length, as the store has it
 * @throws DoesNotOpen
 */
export function openMultipartTail(dek: Dek, tail: Uint8Array, stored: number): MultipartTail {
  const summary = openSummary(dek, lastBytes(tail, SUMMARY))
  if (summary.parts < 1 || summary.parts > MAX_PARTS || storedLength(summary.size) !== stored)
    throw new DoesNotOpen()
  const needed = trailerLength('multipart', summary.parts)
  if (tail.length < needed) return { summary, needed }
  const table = lastBytes(tail, needed).subarray(0, needed - SUMMARY)
  if (!timingSafeEqual(sha256(table), summary.tableHash)) throw new DoesNotOpen()
  const layout = Layout.multipart(openTable(dek, table))
  if (layout.size !== summary.size) throw new DoesNotOpen()
  return { summary, layout }
}

const NO_TABLE = new Uint8Array(32)

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

function lastBytes(bytes: Uint8Array, count: number): Uint8Array {
  if (bytes.length < count) throw new DoesNotOpen()
  return bytes.subarray(bytes.length - count)
}
