import { Worker } from 'node:worker_threads'
import { StoreError, StoreUnavailable } from '../../errors.ts'
import type { Argument, Result, TransactionName } from '../transactions/all.ts'
import type { Answer, Answers, Ask } from './protocol.ts'
import { type Connection, connectIndex, SQLITE_BUSY, SQLITE_FULL, type Sql } from './sqlite.ts'

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/**
 * The index: read where it is asked, changed on a thread of its own, so that waiting for the disk holds nobody
 * up. What `change` has answered is on the disk and seen by every later read.
 */
export class Catalog {
  readonly #connection: Connection
  readonly #thread: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #onGarbage: () => void
  #asked = 0
  #dead: Error | undefined

  /** `onGarbage` is called after changes that freed files. The index must be there. */
  constructor(path: string, onGarbage: () => void) {
    this.#connection = connectIndex(path)
    this.#onGarbage = onGarbage
    this.#thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { path } })
    this.#thread.on('message', (message: Answers) => this.#answered(message))
    this.#thread.on('error', error => this.#died(error as Error))
    this.#thread.on('exit', () => this.#died(new Error('its thread ended')))
    this.#thread.unref()
  }

  /** Reads on this thread, from one snapshot. */
  read<T>(reading: (sql: Sql) => T): T {
    this.#connection.exec('BEGIN')
    try {
      return reading(this.#connection.sql)
    } finally {
      this.#connection.exec('COMMIT')
    }
  }

  /** @throws StoreError what the change refused; StoreUnavailable what the disk refused: then nothing has changed */
  change<N extends TransactionName>(name: N, argument: Argument<N>): Promise<Result<N>> {
    if (this.#dead) return Promise.reject(unavailable(this.#dead.message))
    return new Promise((resolve, reject) => {
      const id = ++this.#asked
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      this.#thread.ref()
      this.#thread.postMessage({ id, name, argument } satisfies Ask)
    })
  }

  /** Waits for the changes that were asked for, then lets go of the index. */
  async close(): Promise<void> {
    const ended = new Promise(resolve => this.#thread.once('exit', resolve))
    this.#thread.ref()
    this.#thread.postMessage('close')
    await ended
    this.#connection.close()
  }

  #answered({ answers, garbage }: Answers): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.id)!
      this.#waiting.delete(answer.id)
      if ('result' in answer) waiting.resolve(answer.result)
      else waiting.reject(errorOf(answer))
    }
    if (this.#waiting.size === 0) this.#thread.unref()
    if (garbage) this.#onGarbage()
  }

  #died(error: Error): void {
    this.#dead ??= error
    for (const { reject } of this.#waiting.values()) reject(unavailable(this.#dead.message))
    this.#waiting.clear()
  }
}

function errorOf(answer: Exclude<Answer, { result: unknown }>): Error {
  if ('refused' in answer) {
    const { code, status, attributes } = answer.refused
    return new StoreError(code, status, attributes)
  }
  const { sqlite, message } = answer.failed
  if (sqlite === SQLITE_FULL)
    return new StoreUnavailable('full', 'the disk of the data folder is full: free space on it')
  if (sqlite === SQLITE_BUSY) return new StoreUnavailable('slow-down', 'other processes keep the index busy')
  return unavailable(message)
}

function unavailable(message: string): StoreUnavailable {
  return new StoreUnavailable('failed', `the index of the data folder fails: ${message}`)
}
