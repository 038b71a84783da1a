import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { openStatement } from '../../evidence/statement.ts'
import type { Json } from '../canonical.ts'
import type { Context } from '../context.ts'
import { CustodyError } from '../errors.ts'
import { openPiecesWith, sealPiecesTo } from '../hpke.ts'
import type { Verifier } from '../log/note.ts'

/**
 * A backup as a file:
 *
 *     `treuhand/backup/v1` ‖ newline ‖ encapsulated key 32
 *     ‖ pieces, each behind its length in four bytes ‖ four bytes of zero ‖ manifest
 *
 * The pieces are what HPKE sealed of up to 1 MiB of lines each, additional data 0, and 1 for the last; a line may go on
 * in the next piece. The
 * manifest is a statement of kind `backup`, and names the SHA-256 of all bytes before it: anybody can tell
 * whose backup it is and of when, and whether it is whole, without being able to open it.
 */
const MAGIC = Buffer.from('treuhand/backup/v1\n')
const ENC = 32
const PIECE = 1 << 20
const TAG = 16
const MAX_MANIFEST = 65_536
/** The largest row is an export of group keys, of 64 MiB at most. */
const MAX_LINE = 96 << 20
const NEWLINE = 10

/** What a backup is of. */
export interface Manifest {
  readonly origin: string
  /** Milliseconds since 1970. */
  readonly made: number
  /** Number of the registry's schema. */
  readonly schema: number
  /** The custodian's term. */
  readonly term: number
  /** Entries of the log. */
  readonly size: number
  /** Root of the log's tree, base64. */
  readonly root: string
  /** SHA-256 of the file before the manifest, hex. */
  readonly digest: string
}

/**
 * Writes a backup file, which must not be there yet; it is on disk when this resolves.
 *
 * @param lines what to seal
 * @param sign makes the manifest once the digest is known
 */
export async function writeBackupFile(
  path: string,
  origin: string,
  recipient: Uint8Array,
  lines: AsyncIterable<string>,
  sign: (digest: string) => string,
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    const put = async (bytes: Uint8Array) => {
      hash.update(bytes)
      await file.writeFile(bytes)
    }
    const { enc, seal } = await sealPiecesTo(recipient, contextOf(origin))
    await put(MAGIC)
    await put(enc)
    for await (const { piece, last } of piecesOf(lines)) {
      const sealed = await seal(piece, last)
      await put(lengthOf(sealed))
      await put(sealed)
    }
    await put(Buffer.alloc(4))
    await file.writeFile(sign(hash.digest('hex')))
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Reads who made a backup and of what, and checks that not a byte of it was changed.
 *
 * @param log whose signature it must carry
 * @throws CustodyError `Malformed`, `Unverified`
 */
export async function readManifest(path: string, log: Verifier): Promise<Manifest> {
  const file = await openFile(path)
  try {
    const reader = new Reader(file)
    await skipHead(reader)
    for await (const _ of pieces(reader));
    const digest = reader.hash.digest('hex')
    const { origin, kind, made, body } = openStatement(await reader.rest(), log)
    if (kind !== 'backup') throw malformed()
    if (body['digest'] !== digest)
      throw new CustodyError('Unverified', 'the backup was altered, or is cut short: take another copy of it')
    return manifestOf(origin, made, body)
  } finally {
    await file.close()
  }
}

/**
 * Opens a backup's lines, in order.
 *
 * @param privateKey of the recipient, 32 bytes
 * @throws CustodyError `Malformed`, `Unverified` where it was sealed to another key, or altered
 */
export async function* backupLines(
  path: string,
  origin: string,
  privateKey: Uint8Array,
): AsyncGenerator<string> {
  const file = await openFile(path)
  try {
    const reader = new Reader(file)
    const next = await openPiecesWith(privateKey, await skipHead(reader), contextOf(origin))
    yield* linesOf(opened(pieces(reader), next))
  } finally {
    await file.close()
  }
}

/** The last piece is opened as the last: a backup that was cut short does not open. */
async function* opened(
  sealed: AsyncIterable<Buffer>,
  next: (piece: Uint8Array, last: boolean) => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  let held: Buffer | undefined
  for await (const piece of sealed) {
    if (held) yield await next(held, false)
    held = piece
  }
  if (!held) throw malformed()
  yield await next(held, true)
}

async function* linesOf(opened: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = []
  let length = 0
  for await (const piece of opened) {
    let from = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, end)]).toString('utf8')
      begun = []
      length = 0
      from = end + 1
    }
    begun.push(piece.subarray(from))
    length += piece.length - from
    if (length > MAX_LINE) throw malformed()
  }
  if (length > 0) throw malformed()
}

/** @returns the encapsulated key */
async function skipHead(reader: Reader): Promise<Buffer> {
  if (!(await reader.take(MAGIC.length)).equals(MAGIC)) throw malformed()
  return await reader.take(ENC)
}

/** Reads a file from its beginning, and hashes what it read. */
class Reader {
  readonly hash = createHash('sha256')
  readonly #file: FileHandle

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** @throws CustodyError `Malformed` where the file ends before */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await this.#file.read(bytes, 0, length)
    if (bytesRead < length) throw malformed()
    this.hash.update(bytes)
    return bytes
  }

  /** @throws CustodyError `TooLarge` */
  async rest(): Promise<string> {
    const bytes = Buffer.alloc(MAX_MANIFEST + 1)
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length)
    if (bytesRead > MAX_MANIFEST) throw malformed()
    return bytes.toString('utf8', 0, bytesRead)
  }
}

async function* pieces(reader: Reader): AsyncGenerator<Buffer> {
  for (;;) {
    const length = (await reader.take(4)).readUInt32BE(0)
    if (length === 0) return
    if (length > PIECE + TAG) throw malformed()
    yield await reader.take(length)
  }
}

/** Lines in pieces of at most 1 MiB; the last piece may be empty. */
async function* piecesOf(lines: AsyncIterable<string>): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  let waiting: Buffer[] = []
  let length = 0
  for await (const text of lines) {
    let line = Buffer.from(text)
    if (line.length > MAX_LINE)
      throw new CustodyError(
        'TooLarge',
        'A row of the registry is larger than 96 MiB, so that no backup holds it.',
      )
    while (length + line.length > PIECE) {
      const fits = PIECE - length
      yield { piece: Buffer.concat([...waiting, line.subarray(0, fits)]), last: false }
      line = line.subarray(fits)
      waiting = []
      length = 0
    }
    waiting.push(line)
    length += line.length
  }
  yield { piece: Buffer.concat(waiting), last: true }
}

function manifestOf(origin: string, made: number, body: { readonly [name: string]: Json }): Manifest {
  const { schema, term, size, root, digest } = body
  const numbers = [schema, term, size].every(value => typeof value === 'number' && value >= 0)
  if (!numbers || typeof root !== 'string' || typeof digest !== 'string') throw malformed()
  return { origin, made, schema, term, size, root, digest } as Manifest
}

async function openFile(path: string): Promise<FileHandle> {
  return await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new CustodyError('Unknown', `The backup ${path} cannot be read (${error.code}).`)
  })
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

const contextOf = (origin: string): Context => ['treuhand/backup/v1', origin]

const malformed = (): CustodyError => new CustodyError('Malformed', 'this file is no backup of this version')
