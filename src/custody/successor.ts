import { logRows } from '../registry/custody/log-rows.ts'
import type { CustodyTransaction } from '../registry/custody/registry.ts'
import type { Json } from './canonical.ts'
import { CustodyError } from './errors.ts'
import { readCheckpointText } from './log/checkpoint.ts'
import { readNote, signerOf, verifierKey } from './log/note.ts'
import type { LogStore } from './log/store.ts'
import type { WitnessingOptions } from './log/witnessing.ts'
import { type Opened, openCustody } from './opened.ts'
import type { CustodyOptions } from './options.ts'
import { loggedEntries, newestRecords, replayRecords } from './replay.ts'
import type { Unsealed } from './unseal.ts'

/** The two heads that do not agree, as signed notes; null where there is none. */
export type Heads = { readonly ours: string | null; readonly theirs: string | null }

/**
 * The log that follows one that was lost or forked. In it people decide whether to accept that; it takes the other's
 * place once they have.
 */
export interface Successor {
  readonly origin: string
  readonly store: LogStore
  readonly opened: Opened
  readonly heads: Heads
}

/**
 * The name of the log that follows another: the same with a number behind it.
 *
 * @param origin `custodian.example/treuhand`, or `custodian.example/treuhand/2`
 */
export function successorOf(origin: string): string {
  const [, base, number] = /^(.*?)(?:\/(\d+))?$/.exec(origin)!
  return `${base}/${Number(number ?? 1) + 1}`
}

/**
 * Opens the successor of a log, beginning it where it is new: an entry names both heads, and behind it stands every
 * record as the registry has it.
 *
 * @param lost the log that was lost or forked
 * @param admit a last look before anything is written
 * @throws CustodyError `Refused` until the customer's witness knows the successor
 */
export async function openSuccessor(
  unsealed: Unsealed,
  lost: LogStore,
  options: CustodyOptions,
  onForked: WitnessingOptions['onForked'],
  admit?: (opened: Opened) => Promise<void>,
): Promise<Successor> {
  const { registry, witness, now } = options
  const origin = successorOf(options.origin)
  const store = logRows(registry, origin)
  const isNew = (await store.head()) === undefined
  const opened = await openCustody(unsealed, store, { ...options, origin }, { restored: false, onForked })
  if (isNew) await replayRecords(registry, opened.records, lost, await sizeOf(lost))
  await admit?.(opened)
  const lostLog = signerOf(options.origin, 1, opened.log.signer.privateKey)
  const ours = (await lost.head()) ?? null
  const theirs = (await witness?.latest(lostLog))?.note.text ?? null
  await begin(opened, store, { predecessor: options.origin, ours, theirs }, now())
  await replayRecords(registry, opened.records, store, opened.log.head.size)
  await seen(opened)
  opened.witnessing.start()
  return { origin, store, opened, heads: { ours, theirs } }
}

/** Writes what is missing of the beginning, so that one that was cut off goes on. */
async function begin(
  { log, records }: Opened,
  store: LogStore,
  about: { readonly predecessor: string } & Heads,
  at: number,
): Promise<void> {
  let begun = false
  for await (const { type } of loggedEntries(store, log.head.size)) begun ||= type === 'restore'
  if (!begun) await log.append({ type: 'restore', at, body: about satisfies Record<string, Json> })
  const logged = await newestRecords(store, log.head.size)
  for (const record of await records.everything()) {
    if (logged.has(JSON.stringify([record.kind, record.id]))) continue
    await log.append({ type: 'policy', at, body: { carried: true, record } })
  }
}

async function seen({ log, witnessing }: Opened): Promise<void> {
  try {
    await witnessing.witnessed(log.head.size - 1)
  } catch (error) {
    if (!(error instanceof CustodyError) || error.code !== 'Refused') throw error
    throw new CustodyError(
      'Refused',
      'Entries that the witness has seen are missing here. To accept that, people decide in a log of its own, which the ' +
        `customer's witness must know first: start it with this key as well, then bring the shares again. ${verifierKey(log.verifier)}`,
    )
  }
}

async function sizeOf(store: LogStore): Promise<number> {
  const head = await store.head()
  return head === undefined ? 0 : readCheckpointText(readNote(head).text).size
}

/** The successor becomes the log, and what barred unsealing is gone. */
export async function putInPlace(transaction: CustodyTransaction, { origin }: Successor): Promise<void> {
  await transaction
    .updateTable('secrets')
    .set({ public: Buffer.from(origin) })
    .where('name', '=', 'log')
    .execute()
  await transaction.deleteFrom('stops').where('kind', 'in', ['forked', 'restored']).execute()
}
