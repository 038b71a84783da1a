import { canonical, type Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import type { RecordKind, RecordKinds } from '../people.ts'
import type { Kept } from '../records.ts'

/**
 * Keeps a record as a proposal says, unless a first try has kept it already.
 *
 * @returns for the log: the record's id and revision
 */
export async function keepOnce<Kind extends RecordKind>(
  custody: Custody,
  kind: Kind,
  id: string,
  kept: Kept<RecordKinds[Kind]> | undefined,
  body: RecordKinds[Kind],
  proposal: string,
): Promise<Json> {
  if (kept && canonical(kept.body as Json) === canonical(body as Json))
    return { [kind]: id, revision: kept.revision }
  const entry = { type: 'policy', at: custody.now(), body: { proposal } } as const
  const { revision } = await custody.keep(kind, id, kept, body, entry)
  return { [kind]: id, revision }
}
