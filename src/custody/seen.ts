import type { CustodyRegistry } from '../registry/custody/registry.ts'

export interface SeenRule {
  readonly kind: 'nonce' | 'old-key'
  /** Different things of one caller within the span, at most. */
  readonly most: number
  /** Milliseconds after which a thing is forgotten. */
  readonly span: number
}

/**
 * Notes that a caller named a thing, in the registry, so that neither a restart nor a standby that takes over forgets
 * it. A clock that is set back makes nothing new that was seen, and counts against nobody what lies ahead of it.
 *
 * @param now milliseconds since 1970
 * @returns `again` where the caller named it within the span, `too-many` where it named as many others
 */
export async function noteSeen(
  registry: CustodyRegistry,
  { kind, most, span }: SeenRule,
  caller: string,
  thing: string,
  now: number,
): Promise<'new' | 'again' | 'too-many'> {
  const rows = registry.database
    .selectFrom('seen')
    .where('kind', '=', kind)
    .where('caller', '=', caller)
    .where('at', '>', now - span)
  if (await rows.select('thing').where('thing', '=', thing).executeTakeFirst()) return 'again'
  const { count } = await rows
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('at', '<=', now)
    .executeTakeFirstOrThrow()
  if (Number(count) >= most) return 'too-many'
  return await registry.write(async transaction => {
    await transaction
      .deleteFrom('seen')
      .where('kind', '=', kind)
      .where('at', '<=', now - span)
      .execute()
    const noted = await transaction
      .insertInto('seen')
      .values({ kind, caller, thing, at: now })
      .onConflict(conflict => conflict.columns(['kind', 'caller', 'thing']).doNothing())
      .returning('thing')
      .execute()
    return noted.length === 1 ? 'new' : 'again'
  })
}
