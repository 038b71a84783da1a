import type { CustodyRegistry } from '../registry/custody/registry.ts'

export interface Stop {
  readonly kind: 'killed' | 'forked' | 'restored'
  /** A tenant, or `*` for all. */
  readonly scope: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly reason: string
}

/** What bars leases across restarts, in memory as well, since a stop must hold also while the registry is away. */
export class Stops {
  readonly #registry: CustodyRegistry
  #all: readonly Stop[]

  static async open(registry: CustodyRegistry): Promise<Stops> {
    return new Stops(registry, await registry.database.selectFrom('stops').selectAll().execute())
  }

  private constructor(registry: CustodyRegistry, all: readonly Stop[]) {
    this.#registry = registry
    this.#all = all
  }

  get all(): readonly Stop[] {
    return this.#all
  }

  of(scope: string): Stop | undefined {
    return this.#all.find(stop => stop.scope === scope)
  }

  async add(stop: Stop): Promise<void> {
    if (this.#all.some(({ kind, scope }) => kind === stop.kind && scope === stop.scope)) return
    this.#all = [...this.#all, stop]
    await this.#registry.write(transaction =>
      transaction
        .insertInto('stops')
        .values(stop)
        .onConflict(row => row.columns(['kind', 'scope']).doNothing())
        .execute(),
    )
  }

  async remove(kind: Stop['kind'], scope: string): Promise<void> {
    await this.#registry.write(transaction =>
      transaction.deleteFrom('stops').where('kind', '=', kind).where('scope', '=', scope).execute(),
    )
    this.#all = this.#all.filter(stop => stop.kind !== kind || stop.scope !== scope)
  }
}
