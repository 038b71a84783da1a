import type { CopiedRow } from '../../registry/custody/copy.ts'
import { CustodyError } from '../errors.ts'

/** A row of the registry as one line of JSON: its table and its columns, bytes as `{"base64url": …}`. */
export function writeRow({ table, columns }: CopiedRow): string {
  const values = Object.entries(columns).map(([name, value]) => [
    name,
    isBytes(value) ? encode(value) : value,
  ])
  return `${JSON.stringify([table, Object.fromEntries(values)])}\n`
}

/** @throws CustodyError `Malformed` */
export function readRow(line: string): CopiedRow {
  const value = parse(line)
  if (Array.isArray(value) && value.length === 2) {
    const [table, columns] = value as [unknown, unknown]
    if (typeof table === 'string' && typeof columns === 'object' && columns !== null) {
      const values = Object.entries(columns).map(([name, value]) => [name, decode(value)])
      return { table, columns: Object.fromEntries(values) }
    }
  }
  throw malformed()
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array
const encode = (bytes: Uint8Array) => ({ base64url: Buffer.from(bytes).toString('base64url') })

function decode(value: unknown): string | number | null | Uint8Array {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  const { base64url } = value as { base64url?: unknown }
  if (typeof base64url === 'string') return Buffer.from(base64url, 'base64url')
  throw malformed()
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw malformed()
  }
}

const malformed = (): CustodyError =>
  new CustodyError('Malformed', 'the backup holds something that is no row')
