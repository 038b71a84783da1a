import type { Sql } from '../catalog/sqlite.ts'
import { nextId } from './transaction.ts'

/** A run of bytes in a payload file. Files never change once a piece names them; several pieces may share one. */
export interface Piece {
  readonly file: number
  readonly first: number
  readonly length: number
}

/** Appends pieces to a version or part, `position` being its length so far. Returns its length now. */
export function addPieces(sql: Sql, owner: number, pieces: Iterable<Piece>, position = 0): number {
  for (const { file, first, length } of pieces) {
    sql.run`INSERT INTO piece (owner, position, length, file, first)
      VALUES (${owner}, ${position}, ${length}, ${file}, ${first})`
    position += length
  }
  return position
}

/** The pieces that hold bytes `first` to `last` of a version, cut to them. */
export function findPieces(sql: Sql, owner: number, first: number, last: number): Piece[] {
  const rows = sql.all`SELECT position, length, file, first FROM piece
    WHERE owner = ${owner} AND position <= ${last} AND position >=
      (SELECT max(position) FROM piece WHERE owner = ${owner} AND position <= ${first})
    ORDER BY position` as unknown as (Piece & { position: number })[]
  return rows.map(piece => {
    const skipped = Math.max(0, first - piece.position)
    const end = Math.min(piece.length, last + 1 - piece.position)
    return { file: piece.file, first: piece.first + skipped, length: end - skipped }
  })
}

/** Hands the pieces of a part over to a version, behind the `position` bytes that it has. */
export function movePieces(sql: Sql, part: number, version: number, position: number): void {
  sql.run`UPDATE piece SET owner = ${version}, position = position + ${position} WHERE owner = ${part}`
}

/** Takes the pieces of a version or part away. A file that no other piece names becomes garbage. */
export function freePieces(sql: Sql, owner: number): void {
  const rows = sql.all`DELETE FROM piece WHERE owner = ${owner} RETURNING file`
  for (const file of new Set(rows.map(row => row['file'] as number)))
    sql.run`INSERT INTO garbage (id, file)
      SELECT ${nextId(sql)}, ${file} WHERE NOT EXISTS (SELECT 1 FROM piece WHERE file = ${file})`
}
