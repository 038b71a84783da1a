import type { CustodyRegistry } from '../registry/custody/registry.ts'
import { type Authority, makeAuthority, openAuthority } from './authority.ts'
import { CustodyError } from './errors.ts'
import { depositing } from './export/depositing.ts'
import { GroupKeys } from './group-keys.ts'
import { Keks } from './keks.ts'
import { openCheckpoint } from './log/checkpoint.ts'
import { Log } from './log/log.ts'
import { signer, type Verifier } from './log/note.ts'
import type { LogStore } from './log/store.ts'
import type { WitnessClient } from './log/witness-client.ts'
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

/** What a log is held against when it opens. */
interface OpenAgainst extends Pick<WitnessingOptions, 'onForked'> {
  /** Whether the registry came from a backup: then the witness may know more than it holds. */
  readonly restored: boolean
}

/** Opens with the root what it wraps: the custodian's own keys, the tenants' KEKs, the log. Makes what is missing. */
export async function openCustody(
  unsealed: Unsealed,
  store: LogStore,
  { registry, now, origin, secure, witness, onAlarm }: CustodyOptions,
  { restored, onForked }: OpenAgainst,
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
  // Before the journal is taken in: where entries are missing, what follows them must not take their place.
  if (restored) await assertNothingMissing(store, signs, witness)
  const log = await Log.open(store, signs)
  const keks = new Keks(registry, unsealed)
  const records = new Records(registry, mac.bytes)
  return {
    unsealed,
    keks,
    groupKeys: new GroupKeys(
      registry,
      keks,
      secure && (row => secure(row, signs)),
      depositing(records, origin),
    ),
    records,
    authority: await openAuthority(authority),
    log,
    witnessing: await Witnessing.open({ log, store, witness, now, onAlarm, onForked }),
  }
}

/**
 * After a restore: what the witness has seen must be here. Where there is no witness nobody can tell.
 *
 * @throws CustodyError `Restored`
 */
async function assertNothingMissing(
  store: LogStore,
  log: Verifier,
  witness: WitnessClient | undefined,
): Promise<void> {
  const seen = await witness?.latest(log)
  const head = await store.head()
  const size = head === undefined ? 0 : openCheckpoint(head, log).size
  if (!seen || seen.size <= size) return
  throw new CustodyError(
    'Restored',
    `The witness has seen ${seen.size} entries, this registry was restored with ${size}. ` +
      'Replay a newer mirror of the log (treuhand custodian replay), or propose to accept the loss.',
    { witnessed: seen.size, restored: size },
  )
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
