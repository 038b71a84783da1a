import { createHash } from 'node:crypto'
import type { AeadEngine } from '../../src/seal/aead.ts'
import { Dek } from '../../src/seal/dek.ts'
import { chooseEngine } from '../../src/seal/engines.ts'
import { type BoundName, type Envelope, sealEnvelope } from '../../src/seal/envelope.ts'
import { Layout } from '../../src/seal/layout.ts'
import { SEGMENT } from '../../src/seal/lengths.ts'
import { PART_RANDOM, type PartHeader, PartSealer, partHeader, UNNUMBERED } from '../../src/seal/part.ts'
import type { TableRow } from '../../src/seal/table.ts'
import { type Digests, sealTrailer } from '../../src/seal/trailer.ts'
import { WrappingKey } from '../../src/seal/wrapping-key.ts'

/** Both engines: every test of sealing runs on each. */
export const ENGINES = (['node', 'evp'] as const).map(name => chooseEngine(name).engine)

/** Bytes that a seed determines: the randomness of tests and vectors. */
export function bytes(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest()
}

export const NAME: BoundName = { tenant: 'acme', bucket: 'reports', key: 'jahr/2026 Übersicht.pdf' }

export const wrappingKey = (engine: AeadEngine, seed = 'group key'): WrappingKey =>
  WrappingKey.whole(engine, bytes(`${seed} id`, 16), bytes(seed, 32))

export const newHeader = (seed: string): PartHeader => partHeader(bytes(`${seed} header`, PART_RANDOM))

/** A sealed object, as a store would hold it, and the keys to it. */
export interface SealedObject {
  readonly dek: Dek
  readonly key: WrappingKey
  readonly envelope: Envelope
  readonly layout: Layout
  readonly stored: Buffer
}

/** Seals the plaintext as one part. `seed` stands for all randomness. */
export function sealSingle(
  engine: AeadEngine,
  plain: Uint8Array,
  seed = 'object',
  digests: Digests = {},
): SealedObject {
  const dek = new Dek(engine, bytes(`${seed} dek`, 32))
  const key = wrappingKey(engine)
  const header = newHeader(seed)
  const envelope = sealEnvelope(dek, key, NAME, { kind: 'single', header }, bytes(`${seed} wrap`, 24))
  const layout = Layout.single(header, plain.length)
  const stored = Buffer.concat([
    sealPart(dek, header, UNNUMBERED, plain),
    trailer(dek, layout, seed, digests),
  ])
  return { dek, key, envelope, layout, stored }
}

/** Seals each plaintext as a part of its own, numbered as given. */
export function sealMultipart(
  engine: AeadEngine,
  plains: readonly { readonly number: number; readonly plain: Uint8Array; readonly checksum?: Uint8Array }[],
  seed = 'object',
  digests: Digests = {},
): SealedObject {
  const dek = new Dek(engine, bytes(`${seed} dek`, 32))
  const key = wrappingKey(engine)
  const envelope = sealEnvelope(dek, key, NAME, { kind: 'multipart' }, bytes(`${seed} wrap`, 24))
  const rows: TableRow[] = plains.map(({ number, plain, checksum }) => ({
    number,
    size: plain.length,
    header: newHeader(`${seed} ${number}`),
    ...(checksum && { checksum }),
  }))
  const layout = Layout.multipart(rows)
  const parts = rows.map((row, i) => sealPart(dek, row.header, row.number, plains[i]!.plain))
  const stored = Buffer.concat([...parts, trailer(dek, layout, seed, digests)])
  return { dek, key, envelope, layout, stored }
}

export function sealPart(dek: Dek, header: PartHeader, number: number, plain: Uint8Array): Buffer {
  const sealer = new PartSealer(dek, header, number)
  const pieces: Uint8Array[] = []
  let at = 0
  do {
    const segment = Buffer.from(plain.subarray(at, at + sealer.room))
    at += segment.length
    pieces.push(sealer.sealSegment(segment, at === plain.length, Buffer.alloc(SEGMENT)))
  } while (at < plain.length)
  return Buffer.concat(pieces)
}

const trailer = (dek: Dek, layout: Layout, seed: string, digests: Digests): Uint8Array =>
  sealTrailer(dek, layout, digests, {
    table: bytes(`${seed} table`, 24),
    summary: bytes(`${seed} summary`, 24),
  })
