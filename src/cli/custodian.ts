import { existsSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import { openEmbeddedCustodian } from '../custody/embedded.ts'
import { fileRoot } from '../custody/roots/file.ts'
import { passphraseRoot } from '../custody/roots/passphrase.ts'
import type { RootProvider } from '../custody/roots/root.ts'
import type { Custodian } from '../keys/custodian.ts'
import { CannotStart } from './cannot-start.ts'
import type { DataFolder } from './data-folder.ts'
import { readSecretFile } from './files.ts'
import type { Log } from './log.ts'

/** The custodian that the configuration names: in a process of its own, or inside this one. */
export async function openCustodian({ keys }: Config, folder: DataFolder, log: Log): Promise<Custodian> {
  if (keys.kind !== 'custodian')
    return await openEmbeddedCustodian({ registry: folder.custodyStore, root: rootOf(keys, folder) })
  if (existsSync(keys.credentials)) {
    // Loaded by those alone who need it: its HTTP client takes 15 MiB.
    const { RemoteCustodian } = await import('../keys/remote/remote-custodian.ts')
    return await RemoteCustodian.open(keys.urls, keys.credentials, ({ event, ...fields }) =>
      event === 'custodian-back' ? log.info(event) : log.warn(event, fields),
    )
  }
  throw notEnrolled(keys.credentials)
}

export const notEnrolled = (folder: string): CannotStart =>
  new CannotStart(
    `This proxy is not enrolled: there is no folder ${folder}. Get a ticket from the custodian's officers and run treuhand enrol.`,
    8,
  )

type Root = Exclude<Config['keys'], { kind: 'custodian' }>

function rootOf(keys: Root, folder: DataFolder): RootProvider {
  if (keys.kind === 'file') return fileRoot(keys.file ?? folder.rootKey)
  return passphraseRoot(async () => firstLine(keys.file))
}

/** @throws CannotStart where there is none */
export function firstLine(file: string): string {
  const text = readSecretFile(file)?.toString('utf8')
  if (text === undefined)
    throw new CannotStart(`There is no passphrase file ${file}. Put it back, mode 0600.`)
  return text.split(/\r?\n/, 1)[0] ?? ''
}
