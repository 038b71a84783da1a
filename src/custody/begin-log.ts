import type { Approver } from './approvals/approver.ts'
import { genesisEntry, writeGenesis } from './approvals/genesis.ts'
import type { Policy } from './approvals/policy.ts'
import type { Authority } from './authority.ts'
import { keyFingerprint } from './authority.ts'
import type { Json } from './canonical.ts'
import type { Log } from './log/log.ts'
import { verifierKey } from './log/note.ts'
import type { OfficerRecord } from './people.ts'
import type { Quorum } from './quorum/quorum.ts'
import type { Records } from './records.ts'

/** Those who may decide from the beginning, and under which rules. */
export interface Founding {
  readonly approvers: Readonly<Record<string, Approver>>
  readonly policy: Policy
  readonly seal: string
  readonly quorum: Quorum | null
  /** Verifier key of the witness. */
  readonly witness: string | null
}

/**
 * Begins an empty log with its genesis document, and makes the first approvers' records, each with its entry.
 * One that was cut off goes on where it stopped.
 */
export async function beginLog(
  log: Log,
  records: Records,
  authority: Authority,
  founding: Founding,
  now: number,
): Promise<void> {
  if (log.head.size === 0) {
    const spki = new Uint8Array(authority.certificate.publicKey.rawData)
    const document = writeGenesis({
      ...founding,
      origin: log.origin,
      log: verifierKey(log.verifier),
      authority: keyFingerprint(spki),
      created: now,
    })
    await log.append(genesisEntry(document, now))
  }
  for (const [id, approver] of Object.entries(founding.approvers))
    await keepFirst('officer', id, { ...approver, state: 'active' } satisfies OfficerRecord)
  await keepFirst('policy', 'policy', founding.policy)

  async function keepFirst(kind: string, id: string, body: Json): Promise<void> {
    if (await records.find(kind, id)) return
    const entry = {
      type: 'policy',
      at: now,
      body: { founding: true, record: { kind, id, revision: 1, body } },
    } as const
    await log.append(entry, transaction => records.put(transaction, kind, id, 0, body))
  }
}
