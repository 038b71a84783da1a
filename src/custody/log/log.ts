import { CustodyError } from '../errors.ts'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { type Entry, type HiddenValue, writeEntry } from './entry.ts'
import { checkJournal } from './journal.ts'
import { type Signer, type Verifier, writeNote } from './note.ts'
import type { Alongside, LogStore } from './store.ts'
import { growTiles, nodesOf, type TileReader } from './tiles.ts'
import { consistencyProof, EMPTY_ROOT, type Hash, inclusionProof, leafHash, rangeHash } from './tree.ts'

export interface Head {
  readonly size: number
  readonly root: Hash
  /** The signed checkpoint of just this size. */
  readonly note: string
}

interface Waiting {
  readonly leaf: Buffer
  readonly hidden: readonly HiddenValue[]
  readonly alongside?: Alongside | undefined
  resolve(index: number): void
  reject(error: unknown): void
}

/** Leaves in one commit, at most; those behind them wait for the next. */
const MAX_BATCH = 4096

/**
 * The custodian's log: append only, a Merkle tree (RFC 6962) whose every head is signed and on disk before
 * an append resolves. Entries that come while a commit runs share the next one, so that many callers
 * pay for one fsync and a single one never waits for company.
 */
export class Log {
  readonly #store: LogStore
  readonly #signer: Signer
  readonly #edge = new Map<string, Uint8Array>()
  #head: Head
  #waiting: Waiting[] = []
  #committing: Promise<void> | undefined
  #unsure = false

  /**
   * Opens the log, checks that what lies in the store is what was signed, and takes in the journal.
   * @throws CustodyError `Unverified` where leaves, tiles or head were altered
   */
  static async open(store: LogStore, signer: Signer): Promise<Log> {
    const log = new Log(store, signer, await readHead(store, signer))
    await log.#takeJournal()
    return log
  }

  private constructor(store: LogStore, signer: Signer, head: Head) {
    this.#store = store
    this.#signer = signer
    this.#head = head
  }

  get origin(): string {
    return this.#signer.name
  }

  get verifier(): Verifier {
    return this.#signer
  }

  /** Signs what the custodian states beside its heads. */
  get signer(): Signer {
    return this.#signer
  }

  get head(): Head {
    return this.#head
  }

  /**
   * @param alongside writes that are kept with the entry, or not at all; what they throw, this throws
   * @returns the entry's index, once it is on disk under a signed head
   */
  async append(entry: Entry, alongside?: Alongside): Promise<number> {
    const { leaf, hidden } = writeEntry(entry)
    return await new Promise<number>((resolve, reject) => {
      this.#waiting.push({ leaf, hidden, alongside, resolve, reject })
      this.#committing ??= this.#commitAll()
    })
  }

  /** Proof that the leaf is in the tree of `size`. */
  async inclusion(index: number, size = this.#head.size): Promise<Hash[]> {
    return await inclusionProof(nodesOf(this.#read, size), index, size)
  }

  /** Proof that the tree of `old` is the beginning of the tree of `size`. */
  async consistency(old: number, size = this.#head.size): Promise<Hash[]> {
    return await consistencyProof(nodesOf(this.#read, size), old, size)
  }

  async rootAt(size: number): Promise<Hash> {
    return await rangeHash(nodesOf(this.#read, size), 0, size)
  }

  async leaf(index: number): Promise<Buffer> {
    const [leaf] = await this.#store.leaves(index, index + 1)
    if (!leaf) throw new CustodyError('Unknown', `the log has no entry ${index}`)
    return Buffer.from(leaf)
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#commitOrSplit(this.#waiting.splice(0, MAX_BATCH))
    // In the same step as the last look, so that nobody who comes after it waits for a commit that is over.
    this.#committing = undefined
  }

  /** One entry's writes that fail must not take down those of others: they go again, each alone. */
  async #commitOrSplit(batch: readonly Waiting[]): Promise<void> {
    try {
      const first = await this.#commit(batch, false)
      for (const [i, { resolve }] of batch.entries()) resolve(first + i)
    } catch (error) {
      if (batch.length === 1 || !batch.some(({ alongside }) => alongside)) {
        for (const { reject } of batch) reject(error)
        return
      }
      for (const waiting of batch) await this.#commitOrSplit([waiting])
    }
  }

  async #commit(
    batch: readonly Pick<Waiting, 'leaf' | 'hidden' | 'alongside'>[],
    journaled: boolean,
  ): Promise<number> {
    if (this.#unsure) await this.#lookAgain()
    const { size } = this.#head
    const hashes = batch.map(({ leaf }) => leafHash(leaf))
    const tiles = await growTiles(this.#read, size, hashes)
    const grown = new Map(tiles.map(tile => [`${tile.level}/${tile.index}`, tile.hashes]))
    const read: TileReader = (level, index, width) =>
      Promise.resolve(grown.get(`${level}/${index}`) ?? this.#read(level, index, width))
    const next = size + batch.length
    const root = await rangeHash(nodesOf(read, next), 0, next)
    const note = writeNote(signCheckpoint({ origin: this.origin, size: next, root }, this.#signer))
    this.#unsure = true
    await this.#store.append({
      size,
      leaves: batch.map(({ leaf }) => leaf),
      hidden: batch.flatMap(({ hidden }) => hidden),
      tiles,
      head: note,
      journaled,
      alongside: batch.flatMap(({ alongside }) => alongside ?? []),
    })
    this.#unsure = false
    for (const { level, index, hashes } of tiles) {
      this.#edge.delete(`${level}/${index - 1}`)
      this.#edge.set(`${level}/${index}`, hashes)
    }
    this.#head = { size: next, root, note }
    return size
  }

  /** A commit that failed may yet have been carried out, as when the connection broke behind it. */
  async #lookAgain(): Promise<void> {
    this.#edge.clear()
    this.#head = await readHead(this.#store, this.#signer)
    this.#unsure = false
  }

  async #takeJournal(): Promise<void> {
    const rows = await this.#store.journal()
    if (rows.length === 0) return
    checkJournal(rows)
    await this.#commit(
      rows.map(row => ({ leaf: Buffer.from(row.leaf), hidden: [] })),
      true,
    )
  }

  readonly #read: TileReader = async (level, index, width) => {
    const kept = this.#edge.get(`${level}/${index}`)
    return kept && kept.length >= width * 32 ? kept : await storedTile(this.#store, level, index, width)
  }
}

async function storedTile(store: LogStore, level: number, index: number, width: number): Promise<Uint8Array> {
  const tile = await store.tile(level, index)
  if (!tile || tile.length < width * 32)
    throw new CustodyError('Unverified', `tile ${level}/${index} of the log is missing: restore a backup`)
  return tile
}

async function readHead(store: LogStore, signer: Signer): Promise<Head> {
  const note = await store.head()
  if (note === undefined) {
    const empty = { origin: signer.name, size: 0, root: EMPTY_ROOT }
    return { size: 0, root: EMPTY_ROOT, note: writeNote(signCheckpoint(empty, signer)) }
  }
  const { size, root } = openCheckpoint(note, signer)
  const nodes = nodesOf((level, index, width) => storedTile(store, level, index, width), size)
  if (!(await rangeHash(nodes, 0, size)).equals(root))
    throw new CustodyError('Unverified', 'the log in the registry is not what its head was signed for')
  const [last] = await store.leaves(size - 1, size)
  if (!last || !leafHash(last).equals(await nodes(0, size - 1)))
    throw new CustodyError('Unverified', 'the last entry of the log is not what its head was signed for')
  return { size, root, note }
}
