import { StoreError } from '../store/errors.ts'

/**
 * Under which name the store has each bucket that applications name. A bucket that no pair is about has one name on
 * both sides. The two sides stay one to one: a store's bucket that belongs to one name is reached by no other, or a
 * grant on a name would not be what it says.
 */
export class BucketNames {
  readonly #toStore: ReadonlyMap<string, string>
  readonly #toLogical: ReadonlyMap<string, string>

  /** @param pairs the application's name, the store's; no name twice on either side */
  constructor(pairs: Readonly<Record<string, string>> = {}) {
    const entries = Object.entries(pairs)
    this.#toStore = new Map(entries)
    this.#toLogical = new Map(entries.map(([logical, atStore]) => [atStore, logical]))
  }

  /** @throws StoreError NoSuchBucket where the name is no application's, as the store's bucket has another */
  toStore(logical: string): string {
    if (!this.isLogical(logical)) throw new StoreError('NoSuchBucket', 404)
    return this.#toStore.get(logical) ?? logical
  }

  /** The application's name of a store's bucket; undefined for one that no application reaches. */
  toLogical(atStore: string): string | undefined {
    const logical = this.#toLogical.get(atStore)
    if (logical !== undefined) return logical
    return this.#toStore.has(atStore) ? undefined : atStore
  }

  /** Whether an application may name a bucket so. */
  isLogical(name: string): boolean {
    return this.#toStore.has(name) || !this.#toLogical.has(name)
  }
}
