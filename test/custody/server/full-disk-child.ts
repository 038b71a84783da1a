import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { pino } from 'pino'
import { enrol as admit, makeEnrolmentToken } from '../../../src/custody/enrolment.ts'
import { readEntry } from '../../../src/custody/log/entry.ts'
import { storedFiles } from '../../../src/custody/log/files.ts'
import { verifyLog } from '../../../src/custody/log/verify.ts'
import type { TenantRecord } from '../../../src/custody/people.ts'
import { fileRoot } from '../../../src/custody/roots/file.ts'
import { SealOffers } from '../../../src/custody/seals/offers.ts'
import { serveCustodian } from '../../../src/custody/server/serve.ts'
import { unseal } from '../../../src/custody/unseal.ts'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'

/** A custodian on a disk of its own, which is filled and emptied. Prints what happened as one line of JSON. */
const folder = process.argv[2]!
const registry = await openSqliteRegistry(`${folder}/custody.db`)
await registry.activate()
const root = fileRoot(`${folder}/root.key`)
await unseal(registry, root, Date.now())
const custodian = await serveCustodian({
  registry,
  folder,
  names: ['localhost'],
  origin: 'custodian.test/full-disk',
  proxies: { host: '127.0.0.1', port: 0 },
  officers: { host: '127.0.0.1', port: 0 },
  seals: new SealOffers([{ kind: 'file', root }]),
  logger: pino({ level: 'silent' }),
})
const { custody } = custodian
const tenant: TenantRecord = { split: false, ttl: 900_000, perUse: [], fence: null }
await custody.keep('tenant', 'acme', undefined, tenant, { type: 'policy', at: custody.now(), body: {} })
const url = `https://localhost:${custodian.proxies.port}`
const pending = await enrol(url, await makeEnrolmentToken(custody, 'acme', ['*'], 'an officer'))
await admit(custody, pending.request, 'a proposal')
await pending.finish(`${folder}/proxy`)
await pending.close()
const proxy = await RemoteCustodian.open([url], `${folder}/proxy`)

const leases: string[] = []
async function lease(bucket: string): Promise<string> {
  return await proxy.lease({ tenant: 'acme', bucket, key: 'current' }).then(
    ({ id }) => {
      leases.push(id)
      return 'leased'
    },
    ({ reason }) => reason,
  )
}

async function decide(id: string): Promise<string> {
  const entry = { type: 'policy', at: custody.now(), body: {} } as const
  return await custody.keep('tenant', id, undefined, tenant, entry).then(
    () => 'kept',
    () => 'lost',
  )
}

const before = await lease('before')
fill(`${folder}/ballast`)
// What was set aside for the database earlier may hold a few more.
const full: string[] = []
for (let n = 0; n < 6 && full.at(-1) !== 'unreachable'; n++) full.push(await lease(`full-${n}`))
const decided: string[] = []
for (let n = 0; n < 6 && decided.at(-1) !== 'lost'; n++) decided.push(await decide(`tenant-${n}`))
rmSync(`${folder}/ballast`)
const after = [await lease('after'), await lease('full-0')]
// Had anything of it been kept, it could not be new now.
const again = await decide(`tenant-${decided.length - 1}`)
const { records } = custody.opened()
const found = await Promise.all(decided.map((_, n) => records.find('tenant', `tenant-${n}`)))

const { log } = custody.opened()
const { size } = await verifyLog(storedFiles(custody.logStore), { log: log.verifier })
const entries = (await custody.logStore.leaves(0, size)).map(readEntry)
const logged = new Set(entries.map(({ body }) => body['lease']))
await proxy.close()
await custodian.close()
process.stdout.write(
  JSON.stringify({
    before,
    failed: full.at(-1),
    undecided: decided.at(-1),
    after,
    decided: [again, found.every(one => one !== undefined)],
    missing: leases.filter(id => !logged.has(id)),
  }),
)

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 1 << 20; size > 0; size >>= 1)
      try {
        for (;;) writeSync(file, Buffer.alloc(size, 1))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
  } finally {
    closeSync(file)
  }
}
