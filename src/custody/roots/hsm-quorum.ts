import { hkdfSync } from 'node:crypto'
import type { Quorum } from '../quorum/quorum.ts'
import { unwrap, type WrapContext, wrap, wrappingKey } from '../wrap.ts'
import { quorumRecord } from './quorum.ts'
import { hex, type RootProvider, recordBytes } from './root.ts'

const CONTEXT: WrapContext = ['treuhand/root/hsm-quorum/v1']

/**
 * The root from both: HKDF-SHA-256 of what the HSM unwraps and what the holders' shares give. Neither the
 * host with its HSM nor the holders without it can open it.
 *
 * @param secret 32 bytes from the quorum, overwritten by the first use
 */
export function hsmQuorumRoot(hsm: RootProvider, quorum: Quorum, secret: Uint8Array): RootProvider {
  return {
    kind: 'hsm+quorum',
    async create() {
      const { root: hsmRoot, record } = await hsm.create()
      const half = crypto.getRandomValues(new Uint8Array(32))
      const wrapped = await wrap(hsmRoot, half, CONTEXT)
      return {
        root: await both(half, secret),
        record: { ...record, ...quorumRecord(quorum), half: hex(wrapped) },
      }
    },
    async open(record) {
      const hsmRoot = await hsm.open(record)
      return await both(await unwrap(hsmRoot, recordBytes(record, 'half', 12 + 32 + 16), CONTEXT), secret)
    },
  }
}

async function both(half: Uint8Array, secret: Uint8Array) {
  const material = Buffer.concat([half, secret])
  const root = new Uint8Array(hkdfSync('sha256', material, new Uint8Array(0), CONTEXT[0], 32))
  for (const bytes of [half, secret, material]) bytes.fill(0)
  return await wrappingKey(root)
}
