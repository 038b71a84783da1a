import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotStart } from './cannot-start.ts'
import { DRAFT, readSecretFile, writeSecretFile } from './files.ts'

/** The places in a data folder. All are mode 0600 or 0700. */
export interface DataFolder {
  readonly path: string
  /** Key pairs for applications, as an AWS shared credentials file. */
  readonly credentials: string
  /** Uploads, parts, access keys. */
  readonly pathStore: string
  /** 32 bytes that seal the secrets in the path store. */
  readonly pathKey: string
  /** The custodian's: wrapped keys. */
  readonly custodyStore: string
  readonly rootKey: string
  /** Ciphertext, where the store is this machine's. */
  readonly store: string
}

const LAYOUT = 1
const STAMP = `treuhand data folder, layout ${LAYOUT}\n`

/**
 * Finds a data folder, or makes one where there is nothing yet.
 * @throws CannotStart where the folder is another layout's, or another program's
 */
export function openDataFolder(path: string): DataFolder {
  const stamp = join(path, 'VERSION')
  if (existsSync(stamp)) checkStamp(path, readFileSync(stamp, 'utf8'))
  else {
    beginFolder(path)
    writeSecretFile(stamp, STAMP)
  }
  return {
    path,
    credentials: join(path, 'credentials'),
    pathStore: join(path, 'path.sqlite'),
    pathKey: join(path, 'path.key'),
    custodyStore: join(path, 'custody.sqlite'),
    rootKey: join(path, 'root.key'),
    store: join(path, 'store'),
  }
}

function checkStamp(path: string, stamp: string): void {
  if (stamp === STAMP) return
  const layout = /^treuhand data folder, layout (\d+)\n$/.exec(stamp)?.[1]
  if (layout === undefined) throw foreign(path, 'VERSION')
  throw new CannotStart(
    `The data folder ${path} has layout ${layout}, this program knows layout ${LAYOUT}. ` +
      'Start the version that wrote it, or name an empty folder with --data DIR.',
  )
}

function beginFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const strange = readdirSync(path).find(name => !name.endsWith(DRAFT))
  if (strange !== undefined) throw foreign(path, strange)
  chmodSync(path, 0o700)
}

const foreign = (path: string, name: string) =>
  new CannotStart(
    `The folder ${path} holds ${name}, which is not Treuhand's. Name an empty or a new folder with --data DIR.`,
  )

/**
 * The key of the path store, made with the store.
 * @throws CannotStart where the store is there and its key is not
 */
export function pathStoreKey({ pathStore, pathKey }: DataFolder): Uint8Array {
  if (!existsSync(pathKey) && !existsSync(pathStore)) writeSecretFile(pathKey, randomBytes(32))
  const key = readSecretFile(pathKey)
  if (key?.length === 32) return key
  throw new CannotStart(
    `The file ${pathKey} is ${key ? 'damaged' : 'missing'}, and no access key in ${pathStore} opens without it. ` +
      `Put it back from your backup; or remove ${pathStore}, which ends uploads in progress and all access keys ` +
      'but the one in the credentials file.',
  )
}
