import { MAX_CHECKSUM } from './checksum-codes.ts'
import type { Dek } from './dek.ts'
import { DoesNotOpen } from './errors.ts'
import { TABLE_FRAME, TABLE_ROW } from './lengths.ts'
import { PART_RANDOM, type PartHeader, partHeader } from './part.ts'
import { readUint64, writeUint64 } from './uint64.ts'
import { XAES_NONCE } from './xaes.ts'

/** One part of a multipart object, in the order of the plaintext. */
export interface TableRow {
  /** The client's part number, or UNNUMBERED: the number that the part was sealed with. */
  readonly number: number
  /** Plaintext bytes. */
  readonly size: number
  readonly header: PartHeader
  /** The part's own checksum, of the object's algorithm: at most 64 bytes. */
  readonly checksum?: Uint8Array
}

/**
 * Seals the table of parts: 40 + 120 · n bytes.
 * @param nonce 24 random bytes
 */
export function sealTable(dek: Dek, rows: readonly TableRow[], nonce: Uint8Array): Uint8Array {
  const plain = Buffer.alloc(rows.length * TABLE_ROW)
  for (const [index, row] of rows.entries()) writeRow(plain.subarray(index * TABLE_ROW), row)
  return Buffer.concat([nonce, dek.tableKey().seal(nonce, plain, NOTHING)])
}

/** @throws DoesNotOpen */
export function openTable(dek: Dek, sealed: Uint8Array): TableRow[] {
  if (sealed.length < TABLE_FRAME || (sealed.length - TABLE_FRAME) % TABLE_ROW !== 0) throw new DoesNotOpen()
  const nonce = sealed.subarray(0, XAES_NONCE)
  const plain = Buffer.from(dek.tableKey().open(nonce, sealed.subarray(XAES_NONCE), NOTHING))
  const rows: TableRow[] = []
  for (let at = 0; at < plain.length; at += TABLE_ROW) rows.push(readRow(plain.subarray(at, at + TABLE_ROW)))
  return rows
}

/** The table's key is used for nothing else, and the summary holds the sealed table's hash. */
const NOTHING = new Uint8Array(0)

const SIZE_AT = 4
const HEADER_AT = 12
const CHECKSUM_AT = HEADER_AT + PART_RANDOM

function writeRow(into: Buffer, row: TableRow): void {
  into.writeUInt32BE(row.number, 0)
  writeUint64(into, row.size, SIZE_AT)
  into.set(row.header.salt, HEADER_AT)
  into.set(row.header.noncePrefix, HEADER_AT + row.header.salt.length)
  const checksum = row.checksum ?? NOTHING
  if (checksum.length > MAX_CHECKSUM) throw new RangeError(`a checksum holds ${MAX_CHECKSUM} bytes at most`)
  into[CHECKSUM_AT] = checksum.length
  into.set(checksum, CHECKSUM_AT + 1)
}

function readRow(from: Buffer): TableRow {
  const length = from[CHECKSUM_AT]!
  const end = CHECKSUM_AT + 1 + length
  if (length > MAX_CHECKSUM || from.subarray(end).some(byte => byte !== 0)) throw new DoesNotOpen()
  const row = {
    number: from.readUInt32BE(0),
    size: readUint64(from, SIZE_AT),
    header: partHeader(from.subarray(HEADER_AT, CHECKSUM_AT)),
  }
  return length === 0 ? row : { ...row, checksum: from.subarray(CHECKSUM_AT + 1, end) }
}
