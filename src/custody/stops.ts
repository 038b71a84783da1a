import type { CustodyRegistry } from '../registry/custody/registry.ts'
import { CustodyError } from './errors.ts'

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

  /** The gravest stop of a scope: what bars unsealing comes before what people may lift by a decision. */
  of(scope: string): Stop | undefined {
    const kinds = ['forked', 'restored', 'killed'] as const
    return kinds.map(kind => this.#find(kind, scope)).find(stop => stop !== undefined)
  }

  has(kind: Stop['kind'], scope: string): boolean {
    return this.#find(kind, scope) !== undefined
  }

  #find(kind: Stop['kind'], scope: string): Stop | undefined {
    return this.#all.find(stop => stop.kind === kind && stop.scope === scope)
  }

  async add(stop: Stop): Promise<void> {
    if (this.has(stop.kind, stop.scope)) return
    this.#all = [...this.#all, stop]
    await this.#registry.write(transaction =>
      transaction
        .insertInto('stops')
        .values(stop)
        .onConflict(row => row.columns(['kind', 'scope']).doNothing())
        .execute(),
    )
  }

  /** Reads anew what another step has written. */
  async refresh(): Promise<void> {
    this.#all = await this.#registry.database.selectFrom('stops').selectAll().execute()
  }

  async remove(kind: Stop['kind'], scope: string): Promise<void> {
    await this.#registry.write(transaction =>
      transaction.deleteFrom('stops').where('kind', '=', kind).where('scope', '=', scope).execute(),
    )
    this.#all = this.#all.filter(stop => stop.kind !== kind || stop.scope !== scope)
  }
}

/** The refusal by a stop, with the way out of it. */
export function barredBy({ kind, scope, since }: Stop): CustodyError {
  const at = new Date(since).toISOString()
  if (kind === 'killed') {
    const whose = scope === '*' ? 'This custodian' : `Tenant ${scope}`
    return new CustodyError(
      'Killed',
      `${whose} was stopped at ${at} by the kill switch. It takes a proposal to lift it.`,
    )
  }
  if (kind === 'forked') {
    return new CustodyError(
      'Forked',
      `The witness holds another history of the log since ${at}. Compare the heads, then propose to accept the loss or restore the newer registry.`,
    )
  }
  return new CustodyError(
    'Restored',
    'This registry was restored from a backup and lacks what the witness has seen. Replay the mirror of the log, or propose to accept the loss.',
  )
}
