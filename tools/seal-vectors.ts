import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChecksumKind, SealedChecksum } from '../src/seal/checksum-codes.ts'
import { Dek } from '../src/seal/dek.ts'
import { nodeEngine } from '../src/seal/engine-node.ts'
import { type BoundName, type Shape, sealEnvelope } from '../src/seal/envelope.ts'
import type { Headers } from '../src/seal/headers.ts'
import { hkdf, hkdfExpand } from '../src/seal/hkdf.ts'
import { Layout } from '../src/seal/layout.ts'
import { MIN_PART, SEGMENT } from '../src/seal/lengths.ts'
import { type StoredHeaders, sealMetadata } from '../src/seal/metadata.ts'
import { headerBytes, PartSealer, partData, partHeader, UNNUMBERED } from '../src/seal/part.ts'
import { LABEL } from '../src/seal/suite.ts'
import { sealTrailer } from '../src/seal/trailer.ts'
import { WrappingKey } from '../src/seal/wrapping-key.ts'

/**
 * `node tools/seal-vectors.ts` writes the vectors of docs/object-format.md, section 12. All randomness comes
 * out of SHAKE128 over a vector's name, so that every run writes the same bytes.
 */

interface Recipe {
  readonly name: string
  readonly bound?: Partial<BoundName>
  readonly headers?: Headers
  readonly split?: true
  /** Plaintext bytes of a single part. */
  readonly size?: number
  /** The parts of a multipart object: number and plaintext bytes. */
  readonly parts?: readonly (readonly [number: number, size: number])[]
  readonly checksum?: ChecksumKind
  readonly md5?: true
}

const FULL = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' } as const
const COMPOSITE = { algorithm: 'SHA256', type: 'COMPOSITE' } as const

const RECIPES: readonly Recipe[] = [
  { name: 'an empty object', size: 0, bound: { key: 'folder/' } },
  { name: 'one byte', size: 1 },
  {
    name: 'headers, a checksum and MD5',
    size: 1_000,
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['x-amz-meta-mtime', '1790000000.123'],
      ['x-amz-meta-umlaut', Buffer.from('Grüße', 'utf8').toString('latin1')],
      ['x-amz-meta-empty', ''],
      ['x-amz-meta-', 'no name'],
      [`x-amz-meta-${'n'.repeat(130)}`, 'long name'],
      ['x-other', 'another protocol'],
      ['cache-control', 'private'],
    ],
    checksum: FULL,
    md5: true,
  },
  { name: 'headers that overflow', size: 10, headers: [['x-amz-meta-long', 'a'.repeat(2_000)]] },
  { name: 'a name in Unicode', size: 10, bound: { bucket: 'berichte', key: 'Jahr/2026 Übersicht – 年.pdf' } },
  { name: 'a split tenant', size: 100, split: true },
  { name: 'one full segment', size: 65_480 },
  { name: 'one full segment and a byte', size: 65_481 },
  { name: 'two full segments', size: 131_000 },
  { name: 'two full segments and a byte', size: 131_001 },
  { name: 'multipart of one byte', parts: [[1, 1]] },
  { name: 'multipart without a number', parts: [[UNNUMBERED, 100]] },
  {
    name: 'multipart, numbers with gaps',
    parts: [
      [3, MIN_PART + 17],
      [9, 1],
    ],
    checksum: COMPOSITE,
  },
  {
    name: 'multipart, empty last part',
    parts: [
      [1, MIN_PART],
      [2, 0],
    ],
    checksum: FULL,
    md5: true,
  },
]

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export function shake128(seed: string, length: number): Buffer {
  return createHash('shake128', { outputLength: length }).update(seed).digest()
}

const digest = (algorithm: string, bytes: Uint8Array): Buffer => createHash(algorithm).update(bytes).digest()

/** The format carries checksums without looking at them; what these hold is not the algorithm's. */
const standIn = (name: string, kind: ChecksumKind): SealedChecksum => ({
  ...kind,
  value: shake128(`${name}: checksum`, kind.algorithm === 'SHA256' ? 32 : 8),
})

function sealVector(recipe: Recipe) {
  const random = (what: string, length: number) => shake128(`${recipe.name}: ${what}`, length)
  const bound = { tenant: 'acme', bucket: 'reports', key: 'a/b.txt', ...recipe.bound }
  const id = random('group-key id', 16)
  const groupKey = random('group key', 32)
  const half = random("customer's half", 32)
  const key = recipe.split
    ? WrappingKey.split(nodeEngine, id, groupKey, half)
    : WrappingKey.whole(nodeEngine, id, groupKey)
  const dekBytes = random('dek', 32)
  const dek = new Dek(nodeEngine, dekBytes)

  const parts = (recipe.parts ?? [[UNNUMBERED, recipe.size!]]).map(([number, size], index) => {
    const seed = `${recipe.name}: part ${index}`
    const header = partHeader(random(`part ${index} header`, 39))
    const plain = shake128(seed, size)
    const checksum = recipe.checksum && recipe.parts ? standIn(seed, recipe.checksum).value : undefined
    return { seed, number, size, header, plain, sealed: sealPart(dek, header, number, plain), checksum }
  })
  const rows = parts.map(({ number, size, header, checksum }) => ({
    number,
    size,
    header,
    ...(checksum && { checksum }),
  }))
  const shape: Shape = recipe.parts ? { kind: 'multipart' } : { kind: 'single', header: rows[0]!.header }
  const metadata = {
    headers: recipe.headers ?? [],
    writtenAt: 1_795_500_000_123,
    ...(recipe.size !== undefined && { size: recipe.size }),
    ...(recipe.checksum && { checksum: recipe.checksum }),
  }
  const nonces = { envelope: random('wrap nonce', 24), metadata: random('metadata nonce', 24) }
  const envelope = sealEnvelope(dek, key, bound, shape, nonces.envelope)

  const trailerNonces = { table: random('table nonce', 24), summary: random('summary nonce', 24) }
  const checksum = recipe.checksum && standIn(recipe.name, recipe.checksum)
  const md5 = recipe.md5 && digest('md5', Buffer.concat(parts.map(part => part.plain)))
  const digests = { ...(checksum && { checksum }), ...(md5 && { md5 }) }
  const layout = recipe.parts
    ? Layout.multipart(rows)
    : recipe.size === 0
      ? undefined
      : Layout.single(rows[0]!.header, recipe.size!)
  const payload = layout
    ? Buffer.concat([...parts.map(part => part.sealed), sealTrailer(dek, layout, digests, trailerNonces)])
    : Buffer.alloc(0)

  return {
    name: recipe.name,
    ...bound,
    kind: shape.kind,
    groupKey: { id: hex(id), key: hex(groupKey) },
    ...(recipe.split && {
      customerHalf: hex(half),
      wrappingKey: hex(
        hkdf(
          nodeEngine,
          Buffer.concat([groupKey, half]),
          new Uint8Array(0),
          Buffer.concat([LABEL.split, id]),
        ),
      ),
    }),
    dek: hex(dekBytes),
    commitment: hex(dek.commitment()),
    subkeys: {
      metadata: hex(hkdfExpand(nodeEngine, dekBytes, LABEL.metadata)),
      part: hex(hkdfExpand(nodeEngine, dekBytes, LABEL.part)),
      table: hex(hkdfExpand(nodeEngine, dekBytes, LABEL.table)),
      summary: hex(hkdfExpand(nodeEngine, dekBytes, LABEL.summary)),
    },
    nonces: {
      wrap: hex(nonces.envelope),
      metadata: hex(nonces.metadata),
      table: hex(trailerNonces.table),
      summary: hex(trailerNonces.summary),
    },
    metadata: {
      ...metadata,
      headers: metadata.headers.map(([name, value]) => [name, hex(Buffer.from(value, 'latin1'))]),
    },
    parts: parts.map(part => ({
      number: part.number,
      plaintext: { shake128: part.seed, length: part.size },
      header: hex(headerBytes(part.header)),
      segmentKey: hex(hkdf(nodeEngine, dek.partKey(), part.header.salt, partData(part.number))),
      ...(part.checksum && { checksum: hex(part.checksum) }),
    })),
    summary: {
      ...(checksum && { checksum: { ...checksum, value: hex(checksum.value) } }),
      ...(md5 && { md5: hex(md5) }),
    },
    stored: sealMetadata(dek, envelope, metadata, nonces.metadata),
    payload:
      payload.length > 4_096
        ? { length: payload.length, sha256: hex(digest('sha256', payload)) }
        : { length: payload.length, hex: hex(payload) },
  }
}

function sealPart(dek: Dek, header: ReturnType<typeof partHeader>, number: number, plain: Buffer): Buffer {
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

type Vector = ReturnType<typeof sealVector>
interface Refused extends Pick<Vector, 'tenant' | 'bucket' | 'key' | 'groupKey'> {
  readonly name: string
  readonly stored: StoredHeaders
  readonly payload: string
}

/** What a hostile store, or a careless writer, makes of good objects. */
function refusedVectors(objects: readonly Vector[]): Refused[] {
  const find = (name: string) => objects.find(object => object.name === name)!
  const single = find('headers, a checksum and MD5')
  const other = find('one byte')
  const spill = find('headers that overflow')
  const multipart = find('multipart of one byte')
  const empty = find('an empty object')
  const payloadOf = (object: Vector): Buffer => Buffer.from(object.payload.hex ?? '', 'hex')
  const flip = (bytes: Buffer, at: number): Buffer => {
    const changed = Buffer.from(bytes)
    changed[at < 0 ? changed.length + at : at]! ^= 1
    return changed
  }
  const refused = (name: string, object: Vector, change: Partial<Refused>): Refused => ({
    name,
    tenant: object.tenant,
    bucket: object.bucket,
    key: object.key,
    groupKey: object.groupKey,
    stored: object.stored,
    payload: object.payload.hex ?? '',
    ...change,
  })
  const envelope = (object: Vector, change: (bytes: Buffer) => Buffer): StoredHeaders => {
    const bytes = change(Buffer.from(object.stored.metadata['th1']!, 'base64url'))
    return { ...object.stored, metadata: { ...object.stored.metadata, th1: bytes.toString('base64url') } }
  }
  const text = (object: Vector, name: 'th1' | 'th1m', change: (text: string) => string): StoredHeaders => ({
    ...object.stored,
    metadata: { ...object.stored.metadata, [name]: change(object.stored.metadata[name]!) },
  })

  const fields: readonly (readonly [string, number])[] = [
    ['version', 0],
    ['suite', 1],
    ['kind', 2],
    ['group-key id', 3],
    ['nonce', 19],
    ['wrapped DEK', 43],
    ['commitment', 91],
    ['salt', 123],
    ['nonce prefix', 155],
  ]
  const spots: readonly (readonly [string, Vector, number])[] = [
    ['the header length', single, 0],
    ['the salt in the part header', single, 1],
    ['the nonce prefix in the part header', single, 33],
    ['the ciphertext', single, 40],
    ['the tag', single, 40 + 1_000],
    ['the zeros', single, 40 + 1_000 + 16],
    ['the summary', single, -1],
    ['the nonce of the summary', single, -256],
    ['the table', multipart, -257],
    ['the nonce of the table', multipart, -256 - 160],
    ['the zeros before the table', multipart, -256 - 161],
  ]
  const bytes = payloadOf(single)
  return [
    refused('another tenant', single, { tenant: 'acne' }),
    refused('another bucket', single, { bucket: 'report' }),
    refused('another key', single, { key: 'a/b.txt2' }),
    refused('names cut elsewhere', single, { tenant: 'acmer', bucket: 'eports' }),
    refused('another group key', single, { groupKey: { ...single.groupKey, key: other.groupKey.key } }),
    ...fields.map(([field, at]) =>
      refused(`envelope: ${field} changed`, single, { stored: envelope(single, old => flip(old, at)) }),
    ),
    refused('envelope: of a multipart object, with a salt', multipart, {
      stored: envelope(multipart, old => flip(old, 123)),
    }),
    refused('envelope: cut', single, { stored: text(single, 'th1', old => old.slice(0, -4)) }),
    refused('envelope: another spelling', single, { stored: text(single, 'th1', old => `${old}=`) }),
    refused('metadata: changed', single, {
      stored: text(
        single,
        'th1m',
        old => `${old.slice(0, 50)}${old[50] === 'A' ? 'B' : 'A'}${old.slice(51)}`,
      ),
    }),
    refused('metadata: absent', single, { stored: { metadata: { th1: single.stored.metadata['th1']! } } }),
    refused('metadata: of another object', single, {
      stored: text(single, 'th1m', () => other.stored.metadata['th1m']!),
    }),
    refused('metadata: the overflow lost', spill, { stored: { metadata: spill.stored.metadata } }),
    refused('metadata: an overflow that never was', single, {
      stored: { ...single.stored, contentDisposition: 'AAAA' },
    }),
    ...spots.map(([what, object, at]) =>
      refused(`payload: ${what} changed`, object, { payload: hex(flip(payloadOf(object), at)) }),
    ),
    refused('payload: of another object', single, { payload: other.payload.hex! }),
    refused('payload: cut by a byte', single, { payload: hex(bytes.subarray(0, -1)) }),
    refused('payload: cut before the summary', single, { payload: hex(bytes.subarray(0, -256)) }),
    refused('payload: a byte more', single, { payload: `${single.payload.hex}00` }),
    refused('payload: a zero more before the summary', single, {
      payload: hex(Buffer.concat([bytes.subarray(0, -256), new Uint8Array(1), bytes.subarray(-256)])),
    }),
    refused('payload: taken away', single, { payload: '' }),
    refused('payload: taken away from a multipart object', multipart, { payload: '' }),
    refused('payload: given to an empty object', empty, { payload: other.payload.hex! }),
  ]
}

/** The vectors' files by name, as they are committed. */
export function sealVectors(): Record<string, string> {
  const objects = RECIPES.map(sealVector)
  const document = { specification: 'docs/object-format.md', madeBy: 'node tools/seal-vectors.ts' }
  const file = (content: object) => `${JSON.stringify({ ...document, ...content }, undefined, 2)}\n`
  return { 'objects.json': file({ objects }), 'refused.json': file({ objects: refusedVectors(objects) }) }
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '..', 'test', 'vectors', 'seal')
  for (const [name, content] of Object.entries(sealVectors())) writeFileSync(join(folder, name), content)
}
