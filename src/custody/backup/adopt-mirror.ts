import { logRows } from '../../registry/custody/log-rows.ts'
import type { CustodyRegistry, CustodyTransaction } from '../../registry/custody/registry.ts'
import { CustodyError } from '../errors.ts'
import type { LogFiles } from '../log/files.ts'
import { extendFromMirror } from '../log/mirror.ts'
import type { Trust } from '../log/verify.ts'
import { successorOf } from '../successor.ts'
import { redo } from './redo.ts'

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
  await registry.write(forgetDecisions(trust.log.name))
  const store = logRows(registry, trust.log.name)
  return await extendFromMirror(store, mirror, trust, entry => transaction => redo(transaction, entry))
}

/**
 * Forgets a log that was begun to accept the loss, and the records with it: at the next unsealing each is taken from
 * the log that was found again.
 */
const forgetDecisions = (origin: string) => async (transaction: CustodyTransaction) => {
  const successor = successorOf(origin)
  for (const table of ['log_heads', 'log_leaves', 'log_tiles'] as const)
    await transaction.deleteFrom(table).where('origin', '=', successor).execute()
  await transaction.deleteFrom('records').execute()
}
