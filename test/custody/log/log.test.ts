import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../../src/custody/log/checkpoint.ts'
import { type Entry, hiddenHash, readEntry, writeEntry } from '../../../src/custody/log/entry.ts'
import { Journal } from '../../../src/custody/log/journal.ts'
import { Log } from '../../../src/custody/log/log.ts'
import { signer } from '../../../src/custody/log/note.ts'
import { leafHash, verifyConsistency, verifyInclusion } from '../../../src/custody/log/tree.ts'
import { MemoryLogStore } from './memory-store.ts'

const key = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const entry = (n: number): Entry => ({ type: 'lease', at: n, body: { lease: n } })

describe('an entry', () => {
  it('shows persons, addresses and objects only as salted hashes, with the values beside', () => {
    const { leaf, hidden } = writeEntry({
      ...entry(1),
      hidden: { person: 'Erika Mustermann', address: '192.0.2.7' },
    })
    expect(leaf.toString()).not.toMatch(/Erika|192\.0/)
    const read = readEntry(leaf)
    for (const { kind, hash, salt, value } of hidden) {
      expect(read.hidden[kind]).toBe(hash.toString('base64url'))
      expect(hiddenHash(kind, salt, value)).toEqual(hash)
    }
    const again = writeEntry({ ...entry(1), hidden: { person: 'Erika Mustermann' } })
    expect(again.hidden[0]!.hash).not.toEqual(hidden[0]!.hash)
  })

  it('is read only in the one form in which it is written', () => {
    const { leaf } = writeEntry(entry(1))
    const text = leaf.toString()
    for (const bad of [
      text.replace('"type":"lease"', '"type":"leased"'),
      text.replace('"v":1', '"v":2'),
      text.replace('"hidden":{}', '"hidden":{"person":"Erika"}'),
      text.replace('"hidden":{}', '"hidden":{"name":"AAAA"}'),
      text.replace('{"at"', '{"a":1,"at"'),
      '[]',
    ])
      expect(() => readEntry(Buffer.from(bad)), bad).toThrow(/not an entry/)
    expect(() => writeEntry({ ...entry(1), body: { text: 'x'.repeat(60_000) } })).toThrow(/at most/)
  })
})

describe('the log', () => {
  it('has every entry on disk under a signed head before the append resolves', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    expect(await log.append(entry(0))).toBe(0)
    expect(store.kept).toHaveLength(1)
    expect(openCheckpoint(store.note!, key)).toMatchObject({ size: 1, root: log.head.root })
  })

  it('commits those that come together at once, and gives each its own index', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    const indexes = await Promise.all(Array.from({ length: 1000 }, (_, n) => log.append(entry(n))))
    expect(indexes).toEqual(Array.from({ length: 1000 }, (_, n) => n))
    expect(store.commits).toBeLessThanOrEqual(2)
    for (const [n, leaf] of store.kept.entries()) expect(readEntry(leaf).body['lease']).toBe(n)
  })

  it('proves entries and growth across restarts', async () => {
    const store = new MemoryLogStore()
    for (let round = 0; round < 3; round++) {
      const log = await Log.open(store, key)
      await Promise.all(Array.from({ length: 300 }, (_, n) => log.append(entry(n))))
    }
    const log = await Log.open(store, key)
    const { size, root } = log.head
    expect(size).toBe(900)
    const proof = await log.inclusion(555)
    expect(verifyInclusion(leafHash(await log.leaf(555)), 555, size, root, proof)).toBe(true)
    const grown = await log.consistency(301)
    expect(verifyConsistency(301, await log.rootAt(301), size, root, grown)).toBe(true)
  })

  it('tells every caller of a commit that failed, and goes on behind it', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    await log.append(entry(0))
    store.beforeAppend = () => {
      throw new Error('disk full')
    }
    const failed = await Promise.allSettled([log.append(entry(1)), log.append(entry(2))])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    store.beforeAppend = () => {}
    expect(await log.append(entry(3))).toBe(1)
    expect(log.head.size).toBe(2)
  })

  it('finds a commit that was carried out though its answer was lost', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    store.afterAppend = () => {
      throw new Error('connection lost')
    }
    await expect(log.append(entry(0))).rejects.toThrow('connection lost')
    store.afterAppend = () => {}
    expect(await log.append(entry(1))).toBe(1)
    await Log.open(store, key)
  })

  it('keeps what belongs to an entry with it or not at all, and one refusal takes down no other entry', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    const refuse = async () => {
      throw new Error('taken')
    }
    const kept: number[] = []
    const results = await Promise.allSettled([
      log.append(entry(0)),
      log.append(entry(1), refuse),
      log.append(entry(2), async () => void kept.push(2)),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(store.kept.map(leaf => readEntry(leaf).body['lease'])).toEqual([0, 2])
  })

  it('does not open when an entry, a tile or the head was altered', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    await Promise.all(Array.from({ length: 600 }, (_, n) => log.append(entry(n))))
    const alterations: ((copy: MemoryLogStore) => void)[] = [
      copy => copy.kept.splice(599, 1, writeEntry(entry(7)).leaf),
      copy => copy.kept.pop(),
      copy => copy.tiles.delete('0/2'),
      copy => copy.tiles.set('1/0', Buffer.alloc(64)),
      copy => {
        copy.note = copy.note!.replace('\n600\n', '\n599\n')
      },
    ]
    for (const alter of alterations) {
      const copy = store.copy()
      alter(copy)
      await expect(Log.open(copy, key)).rejects.toMatchObject({ code: 'Unverified' })
    }
    await expect(Log.open(store, signer(key.name, 1, Buffer.alloc(32, 9)))).rejects.toThrow(/not signed/)
  })
})

describe('the journal of a sealed custodian', () => {
  it('becomes entries of the log, in order, when the log opens', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, key)
    await log.append(entry(0))
    const journal = new Journal(store)
    await Promise.all([1, 2, 3].map(n => journal.append({ type: 'refusal', at: n, body: { n } })))
    const opened = await Log.open(store, key)
    expect(opened.head.size).toBe(4)
    expect(readEntry(await opened.leaf(3)).body['n']).toBe(3)
    expect(store.rows).toEqual([])
  })

  it('shows that a row was removed, changed or moved', async () => {
    const store = new MemoryLogStore()
    const journal = new Journal(store)
    for (const n of [1, 2, 3]) await journal.append({ type: 'refusal', at: n, body: { n } })
    const [a, b, c] = store.rows
    const changed = { ...b!, leaf: Buffer.from(Buffer.from(b!.leaf).toString().replace('"n":2', '"n":9')) }
    for (const rows of [
      [b!, c!],
      [a!, c!],
      [b!, a!, c!],
      [a!, changed, c!],
    ]) {
      const copy = store.copy()
      copy.rows = rows
      await expect(Log.open(copy, key)).rejects.toThrow(/journal was altered/)
    }
  })

  it('goes on behind a row that could not be written', async () => {
    const store = new MemoryLogStore()
    const journal = new Journal(store)
    await journal.append({ type: 'refusal', at: 1, body: { n: 1 } })
    const add = store.addToJournal.bind(store)
    store.addToJournal = async () => {
      throw new Error('disk full')
    }
    await expect(journal.append({ type: 'refusal', at: 2, body: { n: 2 } })).rejects.toThrow('disk full')
    store.addToJournal = add
    await journal.append({ type: 'refusal', at: 3, body: { n: 3 } })
    expect((await Log.open(store, key)).head.size).toBe(2)
  })
})
