import type { Selectable } from 'kysely'
import type { GroupKeyTable } from '../registry/custody/schema.ts'
import type { WrapContext } from './wrap.ts'

export type GroupKeyRow = Selectable<GroupKeyTable>

/** What the wrap of a group key is bound to. */
export function groupKeyContext(
  row: Pick<GroupKeyRow, 'tenant' | 'bucket' | 'epoch' | 'id' | 'kek_version'>,
): WrapContext {
  return ['treuhand/group-key/v1', row.tenant, row.bucket, row.epoch, row.id, row.kek_version]
}
