import type { HiddenValue } from '../../../src/custody/log/entry.ts'
import type { JournalRow, LogBatch, LogStore } from '../../../src/custody/log/store.ts'

/** A log store whose insides a test may alter, as a thief with the database would. */
export class MemoryLogStore implements LogStore {
  kept: Uint8Array[] = []
  tiles = new Map<string, Uint8Array>()
  hidden: HiddenValue[] = []
  rows: JournalRow[] = []
  note: string | undefined
  cosigned: string | undefined
  commits = 0
  /** Runs before a batch is kept. */
  beforeAppend: (batch: LogBatch) => Promise<void> | void = () => {}
  afterAppend: () => void = () => {}

  copy(): MemoryLogStore {
    const other = new MemoryLogStore()
    other.kept = [...this.kept]
    other.tiles = new Map(this.tiles)
    other.rows = [...this.rows]
    other.note = this.note
    other.cosigned = this.cosigned
    return other
  }

  async head() {
    return this.note
  }
  async tile(level: number, index: number) {
    return this.tiles.get(`${level}/${index}`)
  }
  async leaves(begin: number, end: number) {
    return this.kept.slice(begin, end)
  }
  async append(batch: LogBatch) {
    await this.beforeAppend(batch)
    if (batch.size !== this.kept.length) throw new Error('another has appended')
    for (const write of batch.alongside) await write(undefined as never)
    this.commits++
    this.kept.push(...batch.leaves)
    this.hidden.push(...batch.hidden)
    for (const { level, index, hashes } of batch.tiles) this.tiles.set(`${level}/${index}`, hashes)
    this.note = batch.head
    if (batch.journaled) this.rows = []
    this.afterAppend()
  }
  async witnessed() {
    return this.cosigned
  }
  async saveWitnessed(note: string) {
    this.cosigned = note
  }
  async journal() {
    return this.rows
  }
  async addToJournal(row: JournalRow) {
    if (row.number !== this.rows.length) throw new Error('the row is taken')
    this.rows.push(row)
  }
}
