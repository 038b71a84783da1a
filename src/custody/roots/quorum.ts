import type { Quorum } from '../quorum/quorum.ts'
import { wrappingKey } from '../wrap.ts'
import type { RootProvider, SealRecord } from './root.ts'

/**
 * The root as the holders' shares gave it back. It is proven against the quorum's commitment before it comes
 * here.
 *
 * @param secret 32 bytes, overwritten by the first use
 */
export function quorumRoot(quorum: Quorum, secret: Uint8Array): RootProvider {
  return {
    kind: 'quorum',
    create: async () => ({ root: await wrappingKey(secret), record: quorumRecord(quorum) }),
    open: () => wrappingKey(secret),
  }
}

export function quorumRecord(quorum: Quorum): SealRecord {
  return { quorum: JSON.stringify(quorum) }
}
