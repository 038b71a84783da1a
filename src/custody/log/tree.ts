import { createHash } from 'node:crypto'

/**
 * The Merkle tree of RFC 6962 section 2.1 (the same in RFC 9162). Sizes and indexes are safe integers,
 * hashes 32 bytes of SHA-256.
 */
export type Hash = Buffer

/** Root of the tree without leaves. */
export const EMPTY_ROOT: Hash = createHash('sha256').digest()

export function leafHash(leaf: Uint8Array): Hash {
  return createHash('sha256').update(Uint8Array.of(0)).update(leaf).digest()
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Hash {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest()
}

/** Gives the hash of a complete subtree: leaves `index · 2^height` to `(index + 1) · 2^height`, the last excluded. */
export type Nodes = (height: number, index: number) => Promise<Hash>

/** Hash of the leaves from `begin` to `end`, the last excluded: MTH(D[begin:end]). `begin` starts a subtree. */
export async function rangeHash(nodes: Nodes, begin: number, end: number): Promise<Hash> {
  const length = end - begin
  if (length === 0) return EMPTY_ROOT
  const k = splitPoint(length)
  if (k === length) return nodes(Math.log2(length), begin / length)
  return nodeHash(await rangeHash(nodes, begin, begin + k), await rangeHash(nodes, begin + k, end))
}

/** The proof that leaf `index` is in the tree of `size`: PATH(index, D[0:size]), RFC 6962 section 2.1.1. */
export async function inclusionProof(nodes: Nodes, index: number, size: number): Promise<Hash[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`)
  const path = async (begin: number, end: number): Promise<Hash[]> => {
    if (end - begin === 1) return []
    const middle = begin + halfPoint(end - begin)
    return index < middle
      ? [...(await path(begin, middle)), await rangeHash(nodes, middle, end)]
      : [...(await path(middle, end)), await rangeHash(nodes, begin, middle)]
  }
  return path(0, size)
}

/** The proof that the tree of `old` is the beginning of that of `size`: RFC 6962 section 2.1.2. */
export async function consistencyProof(nodes: Nodes, old: number, size: number): Promise<Hash[]> {
  if (!(old >= 0 && old <= size))
    throw new RangeError(`a tree of ${old} is not the beginning of one of ${size}`)
  if (old === 0 || old === size) return []
  const subproof = async (begin: number, end: number, known: boolean): Promise<Hash[]> => {
    if (end === old) return known ? [] : [await rangeHash(nodes, begin, end)]
    const middle = begin + halfPoint(end - begin)
    return old <= middle
      ? [...(await subproof(begin, middle, known)), await rangeHash(nodes, middle, end)]
      : [...(await subproof(middle, end, false)), await rangeHash(nodes, begin, middle)]
  }
  return subproof(0, size, true)
}

/** The largest power of two not above n. */
function splitPoint(n: number): number {
  let k = 1
  while (k * 2 <= n) k *= 2
  return k
}

/** The largest power of two below n: where RFC 6962 splits a tree of n leaves. */
function halfPoint(n: number): number {
  const k = splitPoint(n)
  return k === n ? k / 2 : k
}

/** Whether `proof` leads from a leaf's hash to the root, by RFC 9162 section 2.1.3.2. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || leaf.length !== 32) return false
  let fn = index
  let sn = size - 1
  let r: Uint8Array = leaf
  for (const p of proof) {
    if (sn === 0 || p.length !== 32) return false
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      r = nodeHash(r, p)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && equal(r, root)
}

/**
 * Whether the tree (`old`, `oldRoot`) is the beginning of (`size`, `root`), by RFC 9162 section 2.1.4.2.
 * Of the empty tree it says no: that is the beginning of every tree, and nothing is proven by it.
 */
export function verifyConsistency(
  old: number,
  oldRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(old) || !isSize(size) || old === 0 || old > size) return false
  if (old === size) return proof.length === 0 && equal(oldRoot, root)
  if (proof.length === 0 || proof.some(p => p.length !== 32)) return false
  const path = splitPoint(old) === old ? [oldRoot, ...proof] : proof
  let fn = old - 1
  let sn = size - 1
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  let fr = path[0]!
  let sr = path[0]!
  for (const c of path.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      sr = nodeHash(sr, c)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && equal(fr, oldRoot) && equal(sr, root)
}

const half = (n: number): number => Math.floor(n / 2)
const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
