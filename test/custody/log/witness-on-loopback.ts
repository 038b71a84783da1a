import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { signer, type Verifier, verifierKey } from '../../../src/custody/log/note.ts'
import { Witness } from '../../../src/custody/log/witness.ts'
import { type WitnessClient, witnessClient } from '../../../src/custody/log/witness-client.ts'
import { serveWitness, witnessFiles } from '../../../src/custody/log/witness-server.ts'
import { temporaryFolder } from '../folder.ts'

export interface LoopbackWitness {
  readonly client: WitnessClient
  readonly url: string
  /** Its verifier key. */
  readonly key: string
  /** Lets it know a further log. */
  know(log: Verifier): void
}

/** A customer's witness of its own, with its files; it knows no log at first. */
export async function startWitness(now: () => number = Date.now): Promise<LoopbackWitness> {
  const key = signer('customer.test/witness', 4, Buffer.alloc(32, 7))
  const logs: Verifier[] = []
  const store = witnessFiles(temporaryFolder())
  const server = serveWitness(new Witness({ signer: key, logs, store, now, onFork: () => {} }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = witnessClient({ url, verifier: key })
  return { client, url, key: verifierKey(key), know: log => void logs.push(log) }
}
