import { randomBytes } from 'node:crypto'
import { writeHeapSnapshot } from 'node:v8'
import { GroupKeys } from '../../src/keys/group-keys.ts'
import { RemoteCustodian } from '../../src/keys/remote/remote-custodian.ts'
import { Dek } from '../../src/seal/dek.ts'
import { chooseEngine, type EngineName } from '../../src/seal/engines.ts'

/**
 * A proxy as far as its keys go: it leases one, wraps and unwraps with it, and, told to, sees its lease end and
 * writes a snapshot of its heap. Prints a line at each step.
 */
const [url, folder, engine, snapshot] = process.argv.slice(2) as [string, string, EngineName, string]
let passed = 0
const clocks = { monotonic: () => performance.now() + passed, wall: () => Date.now() + passed }
const aead = chooseEngine(engine).engine
const keys = new GroupKeys(await RemoteCustodian.open([url], folder), aead, { clocks })

const key = await keys.current('acme', 'photos')
const { ended } = key
const name = { tenant: 'acme', bucket: 'photos', key: 'a name' }
const purpose = { action: 'GetObject' }
for (let i = 0; i < 1000; i++) {
  const dek = new Dek(aead, randomBytes(32))
  const envelope = await key.sealEnvelope(dek, name, { kind: 'multipart' }, randomBytes(24), purpose)
  await key.openEnvelope(envelope, name, purpose)
}
process.stdout.write('leased\n')
process.stdin.once('data', () => {
  passed = 24 * 3_600_000
  keys.sweep()
  if (!ended.aborted) throw new Error('the lease goes on')
  writeHeapSnapshot(snapshot)
  process.stdout.write('ended\n')
})
