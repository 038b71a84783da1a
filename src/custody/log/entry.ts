import { createHash, randomBytes } from 'node:crypto'
import { canonical, type Json, readCanonical } from '../canonical.ts'
import { CustodyError } from '../errors.ts'

/** What the log tells of. The type says which members `body` has (docs/custody-formats.md). */
export const ENTRY_TYPES = [
  'genesis',
  'ceremony',
  'unseal',
  'seal',
  'kill',
  'proposal',
  'approval',
  'intent',
  'outcome',
  'enrolment',
  'policy',
  'key',
  'lease',
  'per-use',
  'refusal',
  'revocation',
  'rotation',
  'erasure',
  'export',
  'backup',
  'restore',
  'loss-accepted',
  'order',
  'statement',
  'escort',
  'custodian',
  'alarm',
] as const
export type EntryType = (typeof ENTRY_TYPES)[number]

/** Kinds of personal value that stand in the log only as salted hashes. */
export const HIDDEN_KINDS = ['person', 'address', 'object'] as const
export type HiddenKind = (typeof HIDDEN_KINDS)[number]

export interface Entry {
  readonly type: EntryType
  /** Milliseconds since 1970 by the custodian's clock. */
  readonly at: number
  readonly body: { readonly [name: string]: Json }
  /** Values that must be erasable, by kind. The leaf holds their salted hashes alone. */
  readonly hidden?: Readonly<Partial<Record<HiddenKind, string>>>
}

/** What stands beside the log, so that it can be erased without touching the log. */
export interface HiddenValue {
  readonly kind: HiddenKind
  /** 32 bytes: what the leaf shows. */
  readonly hash: Buffer
  /** 32 random bytes; gone with the value, so that the hash can no longer be tried against guesses. */
  readonly salt: Buffer
  readonly value: string
}

/** An entry as a reader of the log sees it. */
export interface LoggedEntry {
  readonly type: EntryType
  readonly at: number
  readonly body: { readonly [name: string]: Json }
  /** Base64url of the salted hashes. */
  readonly hidden: Readonly<Partial<Record<HiddenKind, string>>>
}

const LAYOUT = 1
/** Below the 65,535 that a bundle of entries can carry. */
export const MAX_LEAF = 60_000

/** Writes an entry as a leaf, and what must be kept beside it. */
export function writeEntry(entry: Entry): { leaf: Buffer; hidden: HiddenValue[] } {
  const hidden = Object.entries(entry.hidden ?? {}).map(([kind, value]) => conceal(kind as HiddenKind, value))
  const hashes = Object.fromEntries(hidden.map(({ kind, hash }) => [kind, hash.toString('base64url')]))
  const { type, at, body } = entry
  const leaf = Buffer.from(canonical({ v: LAYOUT, type, at, body, hidden: hashes }))
  if (leaf.length > MAX_LEAF)
    throw new CustodyError('TooLarge', `a log entry holds at most ${MAX_LEAF} bytes, not ${leaf.length}`)
  return { leaf, hidden }
}

function conceal(kind: HiddenKind, value: string): HiddenValue {
  const salt = randomBytes(32)
  return { kind, salt, value, hash: hiddenHash(kind, salt, value) }
}

/** SHA-256(`treuhand/hidden/v1` ‖ 0 ‖ kind ‖ 0 ‖ salt ‖ value in UTF-8). */
export function hiddenHash(kind: HiddenKind, salt: Uint8Array, value: string): Buffer {
  return createHash('sha256').update(`treuhand/hidden/v1\0${kind}\0`).update(salt).update(value).digest()
}

/** @throws CustodyError `Malformed` for anything that `writeEntry` would not have written */
export function readEntry(leaf: Uint8Array): LoggedEntry {
  const value = readCanonical(leaf, MAX_LEAF)
  if (!isEntry(value)) throw new CustodyError('Malformed', 'the leaf is not an entry of this log')
  return { type: value.type, at: value.at, body: value.body, hidden: value.hidden }
}

function isEntry(value: Json): value is LoggedEntry & { v: 1 } & { readonly [name: string]: Json } {
  if (!isRecord(value) || Object.keys(value).sort().join() !== 'at,body,hidden,type,v') return false
  const { v, type, at, body, hidden } = value as Record<string, Json>
  return (
    v === LAYOUT &&
    ENTRY_TYPES.includes(type as EntryType) &&
    typeof at === 'number' &&
    isRecord(body!) &&
    isRecord(hidden!) &&
    Object.entries(hidden).every(
      ([kind, hash]) =>
        HIDDEN_KINDS.includes(kind as HiddenKind) &&
        typeof hash === 'string' &&
        /^[A-Za-z0-9_-]{43}$/.test(hash),
    )
  )
}

const isRecord = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
