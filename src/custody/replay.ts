import type { CustodyRegistry } from '../registry/custody/registry.ts'
import { canonical, type Json } from './canonical.ts'
import { CustodyError } from './errors.ts'
import { type LoggedEntry, readEntry } from './log/entry.ts'
import type { LogStore } from './log/store.ts'
import type { Records } from './records.ts'

/** Leaves that are read at a time. */
const PAGE = 4096

/** A record as an entry of the log carries it. */
type LoggedRecord = {
  readonly kind: string
  readonly id: string
  readonly revision: number
  readonly body: Json
}

/**
 * Holds the records of the registry against the log. What the log has and the registry lacks (a row was
 * removed or an older one put back) is taken from the log; what the registry has beyond it was put there by
 * somebody else.
 *
 * @throws CustodyError `Unverified`
 */
export async function replayRecords(
  registry: CustodyRegistry,
  records: Records,
  log: LogStore,
  size: number,
): Promise<void> {
  const logged = await newestRecords(log, size)
  const rows = await registry.database.selectFrom('records').select(['kind', 'id']).execute()
  for (const { kind, id } of rows) {
    const kept = await records.find<Json>(kind, id)
    const newest = logged.get(nameOf(kind, id))
    if (!newest || newest.revision < kept!.revision) throw notLogged(kind, id)
    if (newest.revision === kept!.revision && canonical(newest.body) !== canonical(kept!.body)) {
      throw notLogged(kind, id)
    }
    if (newest.revision === kept!.revision) logged.delete(nameOf(kind, id))
  }
  for (const { kind, id, revision, body } of logged.values()) {
    await registry.write(async transaction => {
      await transaction.deleteFrom('records').where('kind', '=', kind).where('id', '=', id).execute()
      await records.restore(transaction, kind, id, revision, body)
    })
  }
}

/** The newest of each record that a log carries, by kind and id as JSON. */
export async function newestRecords(log: LogStore, size: number): Promise<Map<string, LoggedRecord>> {
  const newest = new Map<string, LoggedRecord>()
  for await (const { body } of loggedEntries(log, size)) {
    const record = body['record'] as LoggedRecord | undefined
    if (record) newest.set(nameOf(record.kind, record.id), record)
  }
  return newest
}

/** The first `size` entries of a log, in order. */
export async function* loggedEntries(log: LogStore, size: number): AsyncGenerator<LoggedEntry> {
  for (let begin = 0; begin < size; begin += PAGE)
    for (const leaf of await log.leaves(begin, Math.min(begin + PAGE, size))) yield readEntry(leaf)
}

function nameOf(kind: string, id: string): string {
  return JSON.stringify([kind, id])
}

function notLogged(kind: string, id: string): CustodyError {
  return new CustodyError(
    'Unverified',
    `The ${kind} ${id} in the registry is not what the log says. Restore the registry from its backup.`,
  )
}
