import { canonical, type Json, readCanonical } from '../canonical.ts'
import type { Context } from '../context.ts'
import { CustodyError } from '../errors.ts'
import { openWith, sealTo } from '../hpke.ts'
import { isBy, readNote, type Signer, signText, type Verifier, verifyText, writeNote } from '../log/note.ts'

/** A group key as it leaves: what it is in the clear, itself sealed to the recipient. */
export type SealedKey = {
  /** 16 bytes in hex. */
  readonly id: string
  readonly bucket: string
  /** `2026-11` */
  readonly epoch: string
  /** HPKE, in base64url. */
  readonly sealed: string
}

/** Group keys on their way to whoever may open objects without a custodian (docs/custody-formats.md, section 6). */
export interface KeyExport {
  readonly origin: string
  /** Milliseconds since 1970. */
  readonly made: number
  readonly tenant: string
  /** Whether the customer's half is needed beside each key. */
  readonly split: boolean
  /** By what they left: a proposal's id; null for a deposit. */
  readonly proposal: string | null
  /** X25519, 32 bytes in base64url. */
  readonly recipient: string
  readonly keys: readonly SealedKey[]
}

const LABEL = 'treuhand-keys/v1'
const MAX_EXPORT = 64 << 20
const SEALED_LENGTH = 32 + 32 + 16

/**
 * Seals a group key to a recipient.
 *
 * @param recipient 32 bytes
 * @param key 32 bytes; the caller overwrites them
 */
export async function sealKey(
  origin: string,
  tenant: string,
  { id, bucket, epoch }: { readonly id: Uint8Array; readonly bucket: string; readonly epoch: string },
  key: Uint8Array,
  recipient: Uint8Array,
): Promise<SealedKey> {
  const sealed = await sealTo(recipient, key, contextOf(origin, tenant, bucket, epoch, id))
  return { id: Buffer.from(id).toString('hex'), bucket, epoch, sealed: sealed.toString('base64url') }
}

/**
 * @param privateKey of the recipient, 32 bytes
 * @returns 32 bytes, which the caller overwrites
 * @throws CustodyError `Unverified`
 */
export async function openKey(
  { origin, tenant }: Pick<KeyExport, 'origin' | 'tenant'>,
  { id, bucket, epoch, sealed }: SealedKey,
  privateKey: Uint8Array,
): Promise<Buffer> {
  const context = contextOf(origin, tenant, bucket, epoch, Buffer.from(id, 'hex'))
  return await openWith(privateKey, Buffer.from(sealed, 'base64url'), context)
}

/** Signs an export: a signed note of three lines, label, origin and canonical JSON. */
export function writeKeyExport({ origin, ...body }: KeyExport, log: Signer): string {
  const text = `${LABEL}\n${origin}\n${canonical(body as unknown as Json)}\n`
  return writeNote({ text, signatures: [signText(text, log)] })
}

/**
 * @param log the key that must have signed; undefined where nobody knows it any more
 * @throws CustodyError `Malformed`, `TooLarge`, `Unverified`
 */
export function readKeyExport(bytes: Uint8Array | string, log: Verifier | undefined): KeyExport {
  const { text, signatures } = readNote(bytes, MAX_EXPORT)
  const [label, origin, json, end, ...more] = text.split('\n')
  if (label !== LABEL || end !== '' || more.length > 0)
    throw new CustodyError('Malformed', `this is no export of the format ${LABEL}`)
  if (log) {
    const own = signatures.filter(signature => isBy(signature, log))
    if (origin !== log.name || own.length === 0 || !own.every(one => verifyText(text, one, log)))
      throw new CustodyError('Unverified', `the export is not signed by ${log.name}`)
  }
  const value = readCanonical(Buffer.from(json!), MAX_EXPORT)
  if (!isBody(value)) throw new CustodyError('Malformed', 'the export is not of this version')
  return { ...value, origin: origin! }
}

function contextOf(origin: string, tenant: string, bucket: string, epoch: string, id: Uint8Array): Context {
  return ['treuhand/exported-key/v1', origin, tenant, bucket, epoch, id]
}

function isBody(value: Json): value is Omit<KeyExport, 'origin'> & { readonly [name: string]: Json } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { made, tenant, split, proposal, recipient, keys } = value as Record<string, Json>
  return (
    Object.keys(value).length === 6 &&
    typeof made === 'number' &&
    typeof tenant === 'string' &&
    typeof split === 'boolean' &&
    (proposal === null || typeof proposal === 'string') &&
    isBytes(recipient, 32) &&
    Array.isArray(keys) &&
    keys.every(isSealedKey)
  )
}

function isSealedKey(value: Json): boolean {
  const { id, bucket, epoch, sealed, ...more } = value as Record<string, Json>
  return (
    /^[0-9a-f]{32}$/.test(String(id)) &&
    typeof bucket === 'string' &&
    typeof epoch === 'string' &&
    isBytes(sealed, SEALED_LENGTH) &&
    Object.keys(more).length === 0
  )
}

function isBytes(value: Json | undefined, length: number): boolean {
  if (typeof value !== 'string') return false
  const bytes = Buffer.from(value, 'base64url')
  return bytes.length === length && bytes.toString('base64url') === value
}
