import type { CustodyRegistry } from '../registry/custody/registry.ts'
import { type Authority, makeAuthority, openAuthority } from './authority.ts'
import { GroupKeys } from './group-keys.ts'
import { Keks } from './keks.ts'
import { Log } from './log/log.ts'
import { signer } from './log/note.ts'
import type { LogStore } from './log/store.ts'
import { Witnessing, type WitnessingOptions } from './log/witnessing.ts'
import type { CustodyOptions } from './options.ts'
import { Records } from './records.ts'
import { openSecret } from './secrets.ts'
import type { Unsealed } from './unseal.ts'

/** What exists only while the custodian is unsealed. */
export interface Opened {
  readonly unsealed: Unsealed
  readonly keks: Keks
  readonly groupKeys: GroupKeys
  readonly records: Records
  readonly authority: Authority
  readonly log: Log
  readonly witnessing: Witnessing
}

/** Opens with the root what it wraps: the custodian's own keys, the tenants' KEKs, the log. Makes what is missing. */
export async function openCustody(
  unsealed: Unsealed,
  store: LogStore,
  { registry, now, origin, secure, witness, onAlarm }: CustodyOptions,
  onForked: WitnessingOptions['onForked'],
): Promise<Opened> {
  const random = async () => ({
    bytes: crypto.getRandomValues(new Uint8Array(32)),
    public: Buffer.from(origin),
  })
  const authority = await openSecret(
    registry,
    unsealed,
    'authority',
    () => makeAuthority(origin, now()),
    now(),
  )
  const seed = await openSecret(registry, unsealed, 'log', random, now())
  const mac = await openSecret(registry, unsealed, 'mac', random, now())
  const signs = signer(origin, 1, seed.bytes)
  seed.bytes.fill(0)
  const log = await Log.open(store, signs)
  const keks = new Keks(registry, unsealed)
  return {
    unsealed,
    keks,
    groupKeys: new GroupKeys(registry, keks, secure),
    records: new Records(registry, mac.bytes),
    authority: await openAuthority(authority),
    log,
    witnessing: await Witnessing.open({ log, store, witness, now, onAlarm, onForked }),
  }
}

/** The log's name, which stands beside its key from the ceremony on. */
export async function logOrigin(registry: CustodyRegistry): Promise<string | undefined> {
  const row = await registry.database
    .selectFrom('secrets')
    .select('public')
    .where('name', '=', 'log')
    .executeTakeFirst()
  return row && Buffer.from(row.public).toString('utf8')
}
