import { createHash } from 'node:crypto'
import { CustodyError } from '../errors.ts'
import { type Entry, readEntry, writeEntry } from './entry.ts'
import type { JournalRow, LogStore } from './store.ts'

/**
 * What happens while the custodian is sealed: its log key is away, so entries go to a journal, each
 * naming the one before it by `body.chain`, and become leaves when the log opens.
 */
export class Journal {
  readonly #store: LogStore
  #last: Promise<JournalRow | undefined>

  constructor(store: LogStore) {
    this.#store = store
    this.#last = store.journal().then(rows => {
      checkJournal(rows)
      return rows.at(-1)
    })
    // Whoever appends hears of it.
    this.#last.catch(() => undefined)
  }

  /** Resolves when the entry is on disk. */
  async append(entry: Entry): Promise<void> {
    const before = this.#last
    const written = before.then(async last => {
      const chain = last ? chainHash(last.leaf) : 'sealed'
      const { leaf, hidden } = writeEntry({ ...entry, body: { ...entry.body, chain } })
      const row = { number: last ? last.number + 1 : 0, leaf }
      await this.#store.addToJournal(row, hidden)
      return row
    })
    // A row that could not be written does not break the chain: the next one takes its number.
    this.#last = written.catch(() => before)
    await written
  }
}

/** @throws CustodyError `Unverified` where a row was removed, changed or moved */
export function checkJournal(rows: readonly JournalRow[]): void {
  let chain = 'sealed'
  for (const row of rows) {
    if (readEntry(row.leaf).body['chain'] !== chain)
      throw new CustodyError('Unverified', `the journal was altered before its entry ${row.number}`)
    chain = chainHash(row.leaf)
  }
}

const chainHash = (leaf: Uint8Array): string => createHash('sha256').update(leaf).digest('base64url')
