import { canonical, type Json, readCanonical } from '../custody/canonical.ts'
import { CustodyError } from '../custody/errors.ts'
import {
  isBy,
  readNote,
  type Signer,
  signText,
  type Verifier,
  verifyText,
  writeNote,
} from '../custody/log/note.ts'

/** What a custodian states under its log's key. */
export const STATEMENT_KINDS = [
  'order-answer',
  'transparency-report',
  'erasure',
  'custody',
  'backup',
  'backup-key',
] as const
export type StatementKind = (typeof STATEMENT_KINDS)[number]

export interface Statement {
  readonly origin: string
  readonly kind: StatementKind
  /** Milliseconds since 1970. */
  readonly made: number
  readonly body: { readonly [name: string]: Json }
}

const LABEL = 'treuhand/statement/v1'
const MAX_STATEMENT = 49_152

/**
 * Signs a statement: a signed note (c2sp.org/signed-note) of three lines, label, origin and canonical JSON.
 * The label keeps it apart from checkpoints, whose first line is the origin.
 */
export function signStatement({ origin, kind, made, body }: Statement, log: Signer): string {
  const text = `${LABEL}\n${origin}\n${canonical({ kind, made, body })}\n`
  return writeNote({ text, signatures: [signText(text, log)] })
}

/** @throws CustodyError `Malformed`, `Unverified` */
export function openStatement(text: string, log: Verifier): Statement {
  const note = readNote(text)
  const [label, origin, json, end, ...more] = note.text.split('\n')
  if (label !== LABEL || end !== '' || more.length > 0)
    throw new CustodyError('Malformed', 'this is not a statement: it reads label, origin, JSON')
  const own = note.signatures.filter(signature => isBy(signature, log))
  if (
    origin !== log.name ||
    own.length === 0 ||
    !own.every(signature => verifyText(note.text, signature, log))
  )
    throw new CustodyError('Unverified', `the statement is not signed by ${log.name}`)
  const value = readCanonical(Buffer.from(json!), MAX_STATEMENT) as Omit<Statement, 'origin'> | null
  if (
    value === null ||
    !STATEMENT_KINDS.includes(value.kind) ||
    typeof value.made !== 'number' ||
    typeof value.body !== 'object' ||
    value.body === null
  )
    throw new CustodyError('Malformed', 'the statement is of a kind that is not known here')
  return { origin, kind: value.kind, made: value.made, body: value.body }
}
