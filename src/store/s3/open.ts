import type { Store } from '../store.ts'
import { buckets } from './buckets.ts'
import { type Connection, type StoreAlarm, watchman } from './connection.ts'
import { deleteMany } from './delete-many.ts'
import { documents } from './documents.ts'
import { lifecycle } from './lifecycle.ts'
import { listing } from './listing.ts'
import { locks } from './locks.ts'
import { multipart } from './multipart.ts'
import { objects } from './objects.ts'
import { Origins } from './origins.ts'
import { payloads } from './payloads.ts'
import { type Findings, probe, StoreUnfit } from './probe.ts'
import { Signer, type StoreCredential } from './signature.ts'
import { tags } from './tags.ts'
import { type Addressing, Targets } from './targets.ts'
import type { TrailingChecksum } from './trailing-checksum.ts'
import { WORK_LIMIT } from './work.ts'

export type { StoreAlarm } from './connection.ts'
export { type Findings, StoreUnfit } from './probe.ts'
export type { StoreCredential } from './signature.ts'

export interface S3StoreSettings {
  /** `https://host[:port][/path]` */
  readonly endpoint: URL
  readonly region: string
  readonly addressing: Addressing
  readonly credential: StoreCredential
  /** Certificates to trust in place of the system's, PEM. */
  readonly ca?: string
  /** An existing bucket to probe in; without it, one is created for the moment. */
  readonly probeBucket?: string
  /** What an earlier probe of the same store found; without it, the store is probed. */
  readonly findings?: Findings
  /** Take a store that publishes a PUT cut short all the same: a client that breaks off then harms what was there. */
  readonly acceptShortPuts?: boolean
  /** Checksums that objects may have, so that listings can name them; without, they name none. */
  readonly checksums?: readonly TrailingChecksum[]
  readonly onAlarm?: (alarm: StoreAlarm) => void
}

export interface S3Store extends Store {
  readonly findings: Findings
  /** The same store under another credential. Closing it closes nothing. */
  as(credential: StoreCredential): Store
}

/**
 * Opens any store that speaks S3, after finding out what it can do.
 * @throws StoreUnfit where Treuhand could not keep its promises with it
 * @throws StoreUnavailable where it cannot be reached, or refuses the credential
 */
export async function openS3Store(settings: S3StoreSettings): Promise<S3Store> {
  const { endpoint, region, addressing, credential, ca, probeBucket, checksums = [], onAlarm } = settings
  const trust = ca === undefined ? {} : { ca }
  const origins = new Origins(trust, { answer: 2 * 60_000 })
  const patientOrigins = new Origins(trust, { answer: WORK_LIMIT })
  const untried = {
    targets: new Targets(endpoint, addressing),
    signer: new Signer(credential, region),
    origins,
    patientOrigins,
    abilities: UNTRIED,
    checksums,
    watch: watchman(onAlarm ?? (() => {})),
  }
  const close = async () => {
    origins.close()
    patientOrigins.close()
  }
  try {
    const findings =
      settings.findings ??
      (await probe(untried, { region, trust, ...(probeBucket !== undefined && { bucket: probeBucket }) }))
    if (findings.publishesShortPuts && settings.acceptShortPuts !== true)
      throw new StoreUnfit(
        'publishes-short-puts',
        'The store makes an object of an upload that was cut short, so a client that breaks off harms the object that was there. Update the store, or accept it in the configuration.',
      )
    const connection = { ...untried, abilities: findings }
    return {
      ...operations(connection, region),
      findings,
      as: other => ({
        ...operations({ ...connection, signer: new Signer(other, region) }, region),
        close: async () => {},
      }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

const UNTRIED: Connection['abilities'] = {
  objectForm: 'unsigned-trailer',
  partForm: 'plain',
  checksums: [],
  conditions: { put: false, complete: false, delete: false, 'copy-source': false },
}

/** For whoever only looks whether the store answers; with it nothing should be written. */
export const UNPROBED: Findings = { ...UNTRIED, clockSkew: 0, publishesShortPuts: false }

function operations(connection: Connection, region: string): Omit<Store, 'close'> {
  const one = objects(connection)
  const all = {
    ...buckets(connection, region),
    ...payloads(connection),
    ...one,
    ...deleteMany(connection, one.delete),
    ...multipart(connection),
    ...listing(connection),
    ...tags(connection),
    ...locks(connection),
    ...lifecycle(connection),
    ...documents(connection),
  }
  return watched(all, connection.watch)
}

/** The same operations, whose failures the watchman sees. */
function watched<T extends object>(operations: T, watch: Connection['watch']): T {
  const entries = Object.entries(operations).map(([name, operation]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await operation(...args)
      } catch (error) {
        watch(error)
        throw error
      }
    },
  ])
  return Object.fromEntries(entries) as T
}
