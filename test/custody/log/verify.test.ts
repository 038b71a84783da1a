import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cosign } from '../../../src/custody/log/checkpoint.ts'
import { type Entry, type LoggedEntry, writeEntry } from '../../../src/custody/log/entry.ts'
import { mirroredFiles, storedFiles } from '../../../src/custody/log/files.ts'
import { Log } from '../../../src/custody/log/log.ts'
import { extendFromMirror, pullMirror } from '../../../src/custody/log/mirror.ts'
import { readNote, signer, writeNote } from '../../../src/custody/log/note.ts'
import { readProof, verifyProof, writeProof } from '../../../src/custody/log/proof.ts'
import { packEntries } from '../../../src/custody/log/tiles.ts'
import { verifyLog } from '../../../src/custody/log/verify.ts'
import { MemoryLogStore } from './memory-store.ts'

const logKey = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const witnessKey = signer('customer.example/witness', 4, Buffer.alloc(32, 2))
const trust = { log: logKey, witness: witnessKey }
const entry = (n: number): Entry => ({ type: n === 0 ? 'genesis' : 'lease', at: n, body: { n } })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirror-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

async function grow(store: MemoryLogStore, count: number): Promise<Log> {
  const log = await Log.open(store, logKey)
  await Promise.all(Array.from({ length: count }, (_, n) => log.append(entry(log.head.size + n))))
  const note = readNote(log.head.note)
  const signatures = [...note.signatures, cosign(note.text, witnessKey, 1_700_000_000)]
  store.cosigned = writeNote({ text: note.text, signatures })
  return log
}

describe('log verify', () => {
  it('proves a mirror from its files alone and tells what it read', async () => {
    const store = new MemoryLogStore()
    const log = await grow(store, 600)
    const mirror = mirroredFiles(folder)
    expect(await pullMirror(storedFiles(store), mirror, trust)).toBe(600)
    const heard: LoggedEntry[] = []
    const report = await verifyLog(mirror, trust, [log.head.note], entry => heard.push(entry))
    expect(report).toMatchObject({ size: 600, root: log.head.root, witnessedAt: 1_700_000_000_000 })
    expect(report.types).toEqual({ genesis: 1, lease: 599 })
    expect(heard.map(({ body }) => body['n'])).toEqual(Array.from({ length: 600 }, (_, n) => n))
  })

  it('proves the mirror again as it grows', async () => {
    const store = new MemoryLogStore()
    const mirror = mirroredFiles(folder)
    for (const count of [1, 254, 1, 1, 300]) {
      const log = await grow(store, count)
      await pullMirror(storedFiles(store), mirror, trust)
      expect((await verifyLog(mirror, trust, [log.head.note])).size).toBe(log.head.size)
    }
  })

  it('sees an entry changed, removed or moved, a tile changed, a head without cosignature', async () => {
    const store = new MemoryLogStore()
    await grow(store, 300)
    await pullMirror(storedFiles(store), mirroredFiles(folder), trust)
    const leaves = store.kept.slice(256)
    const bundle = join(folder, 'tile/entries/001.p/44')
    const changed = leaves.with(3, writeEntry(entry(1000)).leaf)
    const moved = leaves.with(3, leaves[4]!).with(4, leaves[3]!)
    const removed = leaves.slice(1)
    for (const altered of [changed, moved, removed]) {
      await writeFile(bundle, packEntries(altered))
      await expect(verifyLog(mirroredFiles(folder), trust)).rejects.toMatchObject({ code: 'Unverified' })
    }
    await writeFile(bundle, packEntries(leaves))
    await verifyLog(mirroredFiles(folder), trust)
    await writeFile(join(folder, 'checkpoint'), store.note!)
    await expect(verifyLog(mirroredFiles(folder), trust)).rejects.toThrow(/has not cosigned/)
    await writeFile(join(folder, 'checkpoint'), store.cosigned!)
    const tile = join(folder, 'tile/0/000')
    const bytes = await readFile(tile)
    bytes[9]! ^= 1
    await writeFile(tile, bytes)
    await expect(verifyLog(mirroredFiles(folder), trust)).rejects.toThrow(/tile/)
  })

  it('sees that the log is not the one whose head somebody kept', async () => {
    const kept = await grow(new MemoryLogStore(), 10)
    const other = new MemoryLogStore()
    const log = await Log.open(other, logKey)
    for (let n = 0; n < 10; n++) await log.append(entry(n + 1))
    await expect(verifyLog(storedFiles(other), { log: logKey }, [kept.head.note])).rejects.toThrow(
      /earlier head/,
    )
    const short = new MemoryLogStore()
    await grow(short, 9)
    await expect(verifyLog(storedFiles(short), { log: logKey }, [kept.head.note])).rejects.toThrow(/shorter/)
  })
})

describe('a mirror', () => {
  it('takes nothing from a log that was rewritten or cut short, and keeps what it had', async () => {
    const store = new MemoryLogStore()
    await grow(store, 100)
    const mirror = mirroredFiles(folder)
    await pullMirror(storedFiles(store), mirror, trust)
    const rewritten = new MemoryLogStore()
    const log = await Log.open(rewritten, logKey)
    await log.append(entry(7))
    await grow(rewritten, 150)
    await expect(pullMirror(storedFiles(rewritten), mirror, trust)).rejects.toMatchObject({ code: 'Forked' })
    const short = new MemoryLogStore()
    await grow(short, 50)
    await expect(pullMirror(storedFiles(short), mirror, trust)).rejects.toMatchObject({ code: 'Forked' })
    expect((await verifyLog(mirror, trust)).size).toBe(100)
  })

  it('gives a restored backup what it lacks, without the key of the log', async () => {
    const store = new MemoryLogStore()
    await grow(store, 300)
    const backup = store.copy()
    const log = await grow(store, 10)
    const mirror = mirroredFiles(folder)
    await pullMirror(storedFiles(store), mirror, trust)
    const heard: unknown[] = []
    const extended = await extendFromMirror(backup, mirror, trust, ({ body }) => {
      heard.push(body['n'])
      return async () => {}
    })
    expect(extended).toEqual({ entries: 10, size: 310 })
    expect(heard).toEqual([300, 301, 302, 303, 304, 305, 306, 307, 308, 309])
    expect((await Log.open(backup, logKey)).head.root).toEqual(log.head.root)
  })

  it('gives nothing to a log that it did not grow out of', async () => {
    const [store, other] = [new MemoryLogStore(), new MemoryLogStore()]
    await grow(store, 300)
    await (await Log.open(other, logKey)).append({ type: 'seal', at: 1, body: {} })
    const mirror = mirroredFiles(folder)
    await pullMirror(storedFiles(store), mirror, trust)
    await expect(extendFromMirror(other, mirror, trust, () => async () => {})).rejects.toMatchObject({
      code: 'Unverified',
    })
  })
})

describe('a proof that needs no network', () => {
  it('shows that the log holds an entry and that the witness saw it', async () => {
    const store = new MemoryLogStore()
    const log = await grow(store, 77)
    const proof = { index: 42, hashes: await log.inclusion(42), checkpoint: store.cosigned! }
    const text = writeProof(proof)
    expect(readProof(text)).toEqual(proof)
    const leaf = await log.leaf(42)
    expect(verifyProof(readProof(text), leaf, logKey, witnessKey)).toEqual({
      index: 42,
      size: 77,
      witnessedAt: 1_700_000_000_000,
    })
    expect(() => verifyProof({ ...proof, index: 41 }, leaf, logKey, witnessKey)).toThrow(/not number 41/)
    expect(() => verifyProof(proof, writeEntry(entry(1)).leaf, logKey, witnessKey)).toThrow(/not number/)
    expect(() => verifyProof({ ...proof, checkpoint: store.note! }, leaf, logKey, witnessKey)).toThrow(
      /cosigned/,
    )
    expect(() => readProof(text.replace('index 42', 'index 042'))).toThrow(/reads/)
  })
})
