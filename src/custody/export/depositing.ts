import type { DepositNewKey } from '../new-group-keys.ts'
import type { DepositRecord } from '../people.ts'
import type { Records } from '../records.ts'
import { sealKey } from './key-export.ts'

/** Seals each new group key to whoever its tenant deposits keys with. */
export function depositing(records: Records, origin: string): DepositNewKey {
  return async (row, key) => {
    const recipient = (await records.find<DepositRecord>('deposit', row.tenant))?.body.recipient
    if (!recipient) return undefined
    const { sealed } = await sealKey(origin, row.tenant, row, key, Buffer.from(recipient, 'base64url'))
    return { id: row.id, tenant: row.tenant, recipient, sealed }
  }
}
