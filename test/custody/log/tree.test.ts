import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packEntries, TileTree, tilePath, tilesOf, unpackEntries } from '../../../src/custody/log/tiles.ts'
import {
  consistencyProof,
  EMPTY_ROOT,
  type Hash,
  inclusionProof,
  leafHash,
  nodeHash,
  rangeHash,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/custody/log/tree.ts'

interface Vector {
  name: string
  wantErr: boolean
  proof: string[] | null
}
const vectors = JSON.parse(readFileSync('test/vectors/custody/merkle-proofs.json', 'utf8')) as {
  inclusion: (Vector & { leafIdx: number; treeSize: number; root: string; leafHash: string })[]
  consistency: (Vector & { size1: number; size2: number; root1: string; root2: string })[]
}
const bytes = (text: string): Buffer => Buffer.from(text, 'base64')

/** Inputs and roots of certificate-transparency's reference tests (transparency-dev/merkle testonly/constants.go). */
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex => Buffer.from(hex, 'hex'))
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** MTH of RFC 6962 section 2.1, as it stands there. */
function mth(leaves: readonly Buffer[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leafHash(leaves[0]!)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}

const numbered = (n: number): Buffer[] => Array.from({ length: n }, (_, i) => Buffer.from(`leaf ${i}`))

describe('the Merkle tree', () => {
  it('has the roots of the reference trees of size 0 to 8', async () => {
    const tree = new TileTree()
    for (const [size, root] of ROOTS.entries()) {
      expect((await rangeHash(tree.nodes(size), 0, size)).toString('hex')).toBe(root)
      if (size < 8) await tree.append([leafHash(INPUTS[size]!)])
    }
  })

  for (const v of vectors.inclusion)
    it(`${v.wantErr ? 'refuses' : 'accepts'} ${v.name}`, () => {
      const proof = (v.proof ?? []).map(bytes)
      expect(verifyInclusion(bytes(v.leafHash), v.leafIdx, v.treeSize, bytes(v.root), proof)).toBe(!v.wantErr)
    })

  for (const v of vectors.consistency)
    it(`${v.wantErr ? 'refuses' : 'accepts'} ${v.name}`, () => {
      const proof = (v.proof ?? []).map(bytes)
      expect(verifyConsistency(v.size1, bytes(v.root1), v.size2, bytes(v.root2), proof)).toBe(!v.wantErr)
    })

  it('proves every leaf and every earlier size, and nothing else, however the leaves came in batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
        async batches => {
          const size = batches.reduce((a, b) => a + b, 0)
          const leaves = numbered(size)
          const tree = new TileTree()
          for (const batch of batches)
            await tree.append(leaves.slice(tree.size, tree.size + batch).map(leaf => leafHash(leaf)))
          const nodes = tree.nodes(size)
          const root = await rangeHash(nodes, 0, size)
          expect(root).toEqual(mth(leaves))
          for (const index of new Set(
            [0, 1, size >> 1, size - 2, size - 1].filter(i => i >= 0 && i < size),
          )) {
            const proof = await inclusionProof(nodes, index, size)
            expect(verifyInclusion(leafHash(leaves[index]!), index, size, root, proof)).toBe(true)
            expect(verifyInclusion(leafHash(Buffer.from('x')), index, size, root, proof)).toBe(false)
            const old = mth(leaves.slice(0, index + 1))
            const grown = await consistencyProof(nodes, index + 1, size)
            expect(verifyConsistency(index + 1, old, size, root, grown)).toBe(true)
            expect(verifyConsistency(index + 1, leafHash(Buffer.from('x')), size, root, grown)).toBe(false)
          }
        },
      ),
      { numRuns: process.env['SLOW'] ? 200 : 15 },
    )
  })

  it('reaches a third level of tiles', async () => {
    const tree = new TileTree()
    const leaves = numbered(66_000).map(leaf => leafHash(leaf))
    await tree.append(leaves.slice(0, 65_535))
    await tree.append(leaves.slice(65_535))
    const nodes = tree.nodes(66_000)
    const root = await rangeHash(nodes, 0, 66_000)
    const proof = await inclusionProof(nodes, 65_999, 66_000)
    expect(verifyInclusion(leaves[65_999]!, 65_999, 66_000, root, proof)).toBe(true)
    for (const { level, index, width } of tilesOf(66_000))
      expect((await tree.tile(level, index, width)).length).toBe(width * 32)
  })
})

describe('tiles', () => {
  it('have the paths of the specification', () => {
    expect(tilePath(0, 1_234_067, 256)).toBe('tile/0/x001/x234/067')
    expect(tilePath(0, 273, 112)).toBe('tile/0/273.p/112')
    expect(tilePath('entries', 0, 1)).toBe('tile/entries/000.p/1')
  })

  it('of a tree of 70,000 and of 256 are those that the specification counts', () => {
    const widths = [...tilesOf(70_000)].filter(t => t.width < 256 || t.level > 0)
    expect(widths).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 0, width: 256 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ])
    expect([...tilesOf(256)]).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ])
  })

  it('carry entries that come out as they went in, and refuse a cut bundle', () => {
    const entries = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(65_535, 7)]
    expect(unpackEntries(packEntries(entries))).toEqual(entries)
    expect(() => unpackEntries(packEntries(entries).subarray(0, -1))).toThrow(/cut short/)
  })
})
