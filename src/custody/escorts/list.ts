import type { Custody } from '../custody.ts'
import type { EscortRecord } from './record.ts'

export interface ListedEscort extends Omit<EscortRecord, 'state' | 'recipient'> {
  readonly id: string
  readonly state: 'open' | 'ended'
}

/** All escorted accesses, those that go on first, then the newest. */
export async function listEscorts(custody: Custody): Promise<readonly ListedEscort[]> {
  const kept = await custody.opened().records.all<EscortRecord>('escort')
  return kept
    .map(({ id, body: { recipient: _, ...body } }): ListedEscort => {
      const open = body.state === 'open' && body.until > custody.now()
      return { id, ...body, state: open ? 'open' : 'ended' }
    })
    .sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || b.until - a.until)
}
