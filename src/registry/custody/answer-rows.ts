import type { Selectable } from 'kysely'
import type { CallTables } from './call-tables.ts'
import type { CustodyRegistry } from './registry.ts'

export type KeptAnswer = Selectable<CallTables['answers']>

/** Milliseconds for which an answer is kept. */
const DAY = 24 * 3_600_000
/** Answers that are kept, of which the oldest give way. */
const MANY = 1000

/** The answer to a call that was made within a day. */
export async function findAnswer(
  { database }: CustodyRegistry,
  call: string,
  now: number,
): Promise<KeptAnswer | undefined> {
  return await database
    .selectFrom('answers')
    .selectAll()
    .where('call', '=', call)
    .where('at', '>', now - DAY)
    .executeTakeFirst()
}

export async function keepAnswer(registry: CustodyRegistry, answer: KeptAnswer): Promise<void> {
  await registry.write(async transaction => {
    const oldest = await transaction
      .selectFrom('answers')
      .select('at')
      .orderBy('at', 'desc')
      .offset(MANY - 1)
      .limit(1)
      .executeTakeFirst()
    await transaction
      .deleteFrom('answers')
      .where(({ eb, or }) =>
        or([
          eb('call', '=', answer.call),
          eb('at', '<=', answer.at - DAY),
          ...(oldest ? [eb('at', '<=', oldest.at)] : []),
        ]),
      )
      .execute()
    await transaction.insertInto('answers').values(answer).execute()
  })
}
