import type { Proposal } from './approvals/document.ts'
import type { Custody } from './custody.ts'
import type { RecordKind } from './people.ts'

/** The record that a proposal changes; undefined for acts that change none. */
function targetOf({
  act,
  tenant,
  params,
}: Pick<Proposal, 'act' | 'tenant' | 'params'>): [RecordKind, string] | undefined {
  const id = (name: string) => String(params[name] ?? '')
  switch (act) {
    case 'enrol-proxy':
    case 'revoke':
      return ['proxy', id('proxy')]
    case 'loosen':
    case 'tighten':
      return ['tenant', tenant]
    case 'change-officers':
      return ['officer', id('officer')]
    case 'answer-order':
      return ['order', id('order')]
    default:
      return undefined
  }
}

/** Revision of what a proposal changes, 0 where it is not there: one that was made over another is stale. */
export async function targetRevision(
  custody: Custody,
  proposal: Pick<Proposal, 'act' | 'tenant' | 'params'>,
): Promise<number> {
  const target = targetOf(proposal)
  return target ? ((await custody.opened().records.find(...target))?.revision ?? 0) : 0
}
