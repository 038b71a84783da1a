import { logRows } from '../../registry/custody/log-rows.ts'
import type { CustodyRegistry, CustodyTransaction } from '../../registry/custody/registry.ts'
import { CustodyError } from '../errors.ts'
import type { LoggedEntry } from '../log/entry.ts'
import type { LogFiles } from '../log/files.ts'
import { extendFromMirror } from '../log/mirror.ts'
import type { Trust } from '../log/verify.ts'

/**
 * Takes from the customer's mirror what the log gained after the backup. Kills are carried out at once; what
 * people decided follows at the next unsealing, when the records are held against the log.
 *
 * @throws CustodyError `Unverified` where the mirror did not grow out of the registry's log, `Conflict` where
 *   nothing was restored here
 */
export async function adoptMirror(
  registry: CustodyRegistry,
  mirror: LogFiles,
  trust: Trust,
): Promise<{ readonly entries: number; readonly size: number }> {
  const restored = await registry.database
    .selectFrom('stops')
    .select('kind')
    .where('kind', '=', 'restored')
    .executeTakeFirst()
  if (!restored)
    throw new CustodyError('Conflict', 'Nothing was restored here, so there is nothing to replay.')
  const store = logRows(registry, trust.log.name)
  return await extendFromMirror(store, mirror, trust, entry => transaction => redo(transaction, entry))
}

/** Does again what an entry says was done, where no record tells it. */
async function redo(transaction: CustodyTransaction, { type, at, body }: LoggedEntry): Promise<void> {
  if (type === 'kill') {
    const reason = String(body['reason'])
    await transaction
      .insertInto('stops')
      .values({ kind: 'killed', scope: String(body['scope']), since: at, reason })
      .onConflict(row => row.columns(['kind', 'scope']).doNothing())
      .execute()
  }
  if (type === 'outcome' && body['act'] === 'lift-kill' && body['done'] === true) {
    const { scope } = body['result'] as { readonly [name: string]: string }
    await transaction.deleteFrom('stops').where('kind', '=', 'killed').where('scope', '=', scope!).execute()
  }
}
