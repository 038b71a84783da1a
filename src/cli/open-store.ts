import { readFileSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import { TRAILING_CHECKSUMS } from '../objects/checksum.ts'
import { openDirectoryStore } from '../store/directory/open.ts'
import { type Findings, openS3Store, type S3Store } from '../store/s3/open.ts'
import type { Store } from '../store/store.ts'
import { CannotStart } from './cannot-start.ts'
import { readCredential } from './credentials.ts'
import type { DataFolder } from './data-folder.ts'
import type { Log } from './log.ts'

export interface OpenedStore {
  readonly store: Store
  /** What the store does, for the other processes of this proxy to know without a probe. */
  readonly findings?: Findings
  /** Carries out lifecycle rules, where the store waits to be told. */
  sweep?(): Promise<{ versions: number; uploads: number }>
  /** The same store under another profile of the credentials file. */
  as(profile: string): Store
}

export interface StoreOpening {
  readonly config: Config
  readonly folder: DataFolder
  /** The processes of one proxy share the directory store under this name. */
  readonly family: string
  readonly findings?: Findings
  readonly log: Log
}

/** Opens the store that the configuration names. */
export async function openStore(opening: StoreOpening): Promise<OpenedStore> {
  const { config, folder, family } = opening
  if (config.store.kind === 's3') return await openConfiguredS3(config.store, opening)
  const store = await openDirectoryStore({ path: config.store.path ?? folder.store, family })
  return {
    store,
    sweep: () => store.sweep(),
    as(profile) {
      throw new CannotStart(`The access key names the store credential ${profile}, but a directory has none.`)
    },
  }
}

type S3Config = Extract<Config['store'], { kind: 's3' }>

async function openConfiguredS3(config: S3Config, { findings, log }: StoreOpening): Promise<OpenedStore> {
  const { credentials, acceptShortPuts, probeBucket } = config
  const store = await openS3Store({
    ...s3Settings(config),
    checksums: TRAILING_CHECKSUMS,
    acceptShortPuts,
    ...(probeBucket !== undefined && { probeBucket }),
    ...(findings && { findings }),
    onAlarm: ({ reason, detail }) => log.error('store-alarm', { reason, detail }),
  })
  return { store, findings: store.findings, as: perProfile(store, credentials) }
}

/** Where a store is and how it knows us. */
export const s3Settings = ({ endpoint, region, addressing, credentials, profile, ca }: S3Config) => ({
  endpoint: new URL(endpoint),
  region,
  addressing,
  credential: readCredential(credentials, profile),
  ...(ca !== undefined && { ca: readFileSync(ca, 'utf8') }),
})

function perProfile(store: S3Store, credentials: string): (profile: string) => Store {
  const opened = new Map<string, Store>()
  return profile => {
    const found = opened.get(profile) ?? store.as(readCredential(credentials, profile))
    opened.set(profile, found)
    return found
  }
}
