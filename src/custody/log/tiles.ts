import { type Hash, type Nodes, nodeHash, rangeHash } from './tree.ts'

/**
 * The tree in tiles of 256 hashes (c2sp.org/tlog-tiles): how it is stored, mirrored and served. A tile of
 * level L holds the hashes of complete subtrees of height 8·L.
 */
const TILE_WIDTH = 256
const TILE_HEIGHT = 8

export interface Tile {
  readonly level: number
  readonly index: number
  /** Up to 256 hashes of 32 bytes, one behind the other. */
  readonly hashes: Buffer
}

/** Gives at least `width` hashes of a tile; a wider tile begins with the narrower ones. */
export type TileReader = (level: number, index: number, width: number) => Promise<Uint8Array>

/**
 * The tiles that change when leaves are appended, each whole, with all it held before.
 * @param size leaves before
 * @param leaves their hashes
 */
export async function growTiles(read: TileReader, size: number, leaves: readonly Hash[]): Promise<Tile[]> {
  const changed: Tile[] = []
  let count = size
  let added: readonly Hash[] = leaves
  for (let level = 0; added.length > 0; level++) {
    const risen: Hash[] = []
    for (let done = 0; done < added.length; ) {
      const index = Math.floor((count + done) / TILE_WIDTH)
      const width = (count + done) % TILE_WIDTH
      const fresh = added.slice(done, done + TILE_WIDTH - width)
      const before = width === 0 ? Buffer.alloc(0) : await read(level, index, width)
      const hashes = Buffer.concat([before.subarray(0, width * 32), ...fresh])
      changed.push({ level, index, hashes })
      if (width + fresh.length === TILE_WIDTH) risen.push(foldTile(hashes, 0, TILE_WIDTH))
      done += fresh.length
    }
    count = Math.floor(count / TILE_WIDTH)
    added = risen
  }
  return changed
}

/** The tree's nodes, computed from tiles of the tree of `size`. Tiles once read are kept. */
export function nodesOf(read: TileReader, size: number): Nodes {
  const kept = new Map<string, Promise<Uint8Array>>()
  const tile = (level: number, index: number): Promise<Uint8Array> => {
    const name = `${level}/${index}`
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH)
    const found = kept.get(name) ?? read(level, index, width)
    kept.set(name, found)
    return found
  }
  return async (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT)
    const width = 2 ** (height % TILE_HEIGHT)
    const first = index * width
    const hashes = await tile(level, Math.floor(first / TILE_WIDTH))
    return foldTile(hashes, first % TILE_WIDTH, width)
  }
}

/** A tree in memory, for whoever checks a log: it grows from the entries alone. */
export class TileTree {
  readonly #tiles = new Map<string, Uint8Array>()
  readonly #read: TileReader
  #size: number

  /** @param read the tiles of a tree of `size` that was checked before */
  constructor(size = 0, read?: TileReader) {
    this.#size = size
    this.#read = async (level, index, width) => {
      const tile = this.#tiles.get(`${level}/${index}`) ?? (await read?.(level, index, width))
      if (!tile || tile.length < width * 32)
        throw new RangeError(`there is no tile ${level}/${index} of ${width}`)
      return tile
    }
  }

  get size(): number {
    return this.#size
  }

  async append(leaves: readonly Hash[]): Promise<void> {
    for (const { level, index, hashes } of await growTiles(this.#read, this.#size, leaves))
      this.#tiles.set(`${level}/${index}`, hashes)
    this.#size += leaves.length
  }

  async rootAt(size: number): Promise<Hash> {
    return await rangeHash(this.nodes(size), 0, size)
  }

  nodes(size = this.#size): Nodes {
    return nodesOf(this.#read, size)
  }

  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    return (await this.#read(level, index, width)).subarray(0, width * 32)
  }
}

/** Hash over `width` (a power of two) hashes of a tile. */
function foldTile(hashes: Uint8Array, first: number, width: number): Hash {
  if (width === 1) return Buffer.from(hashes.subarray(first * 32, first * 32 + 32))
  const half = width / 2
  return nodeHash(foldTile(hashes, first, half), foldTile(hashes, first + half, half))
}

/** The widths of all tiles of a tree: what a mirror must hold. */
export function* tilesOf(size: number): Generator<{ level: number; index: number; width: number }> {
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH))
    for (let index = 0; index * TILE_WIDTH < count; index++)
      yield { level, index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) }
}

/** `tile/0/x001/x234/067.p/8`. `level` is a number, or `entries` for a bundle of entries. */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  const groups = digits.match(/.{3}/g)!
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** A bundle of entries: each behind its length in two bytes, big-endian. */
export function packEntries(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap(entry => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

/** @throws RangeError where the bundle does not end with an entry's end */
export function unpackEntries(bundle: Uint8Array): Buffer[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.length)
  const entries: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at)
    if (end > bytes.length) throw new RangeError('the bundle of entries is cut short')
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries
}
