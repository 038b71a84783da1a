import { adoptMirror } from '../../../src/custody/backup/adopt-mirror.ts'
import { secureKey } from '../../../src/custody/backup/key-record.ts'
import { restoreBackup } from '../../../src/custody/backup/restore.ts'
import type { Custody } from '../../../src/custody/custody.ts'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import { mirroredFiles, storedFiles } from '../../../src/custody/log/files.ts'
import { pullMirror } from '../../../src/custody/log/mirror.ts'
import type { CustodyOptions } from '../../../src/custody/options.ts'
import type { TenantRecord } from '../../../src/custody/people.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../folder.ts'
import { govern } from '../governed.ts'
import { startWitness } from '../log/witness-on-loopback.ts'

export async function recipient() {
  const { publicKey, privateKey } = await generateHpkeKey()
  return { target: { folder: temporaryFolder(), recipient: publicKey }, privateKey }
}

export async function addTenant(custody: Custody, name: string): Promise<void> {
  const body: TenantRecord = { split: false, ttl: 900_000, perUse: [], fence: null }
  await custody.keep('tenant', name, undefined, body, { type: 'policy', at: custody.now(), body: {} })
}

/** A custodian under a witness, with a backup target and a tenant. */
export async function ground() {
  const { target, privateKey } = await recipient()
  const clock = { ahead: 0 }
  const now = () => Date.now() + clock.ahead
  const witness = await startWitness(now)
  const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
  const secure: CustodyOptions['secure'] = async (row, log) =>
    await secureKey(registry, target, row, log, now())
  const founded = await govern({ registry, now, secure })
  await founded.open()
  const log = founded.custody.opened().log.verifier
  witness.know(log)
  founded.custody.close()
  const { people, folder } = founded
  const under = { people, folder, now, secure, witness: witness.client }
  const custodian = await govern({ ...under, registry })
  await custodian.open()
  await addTenant(custodian.custody, 'acme')
  const mirror = mirroredFiles(temporaryFolder())
  const pull = async () => {
    await custodian.custody.opened().witnessing.round()
    return await pullMirror(storedFiles(custodian.custody.logStore), mirror, { log })
  }
  /** Puts a backup into a new registry, and a custodian over it. */
  const restored = async (file: string, replay: boolean) => {
    const next = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
    const about = { file, folder: target.folder, privateKey, log, now: now() }
    const result = await restoreBackup(next, about)
    await next.activate()
    const trust = { log, witness: witness.client.verifier }
    const adopted = replay ? await adoptMirror(next, mirror, trust) : undefined
    return { ...(await govern({ ...under, registry: next })), ...result, adopted }
  }
  const keyOf = async ({ custody }: { custody: Custody }, bucket: string) =>
    (await custody.opened('acme').groupKeys.current('acme', bucket, now()))[0]!
  return { clock, under, target, privateKey, log, witness, mirror, custodian, pull, restored, keyOf }
}
