import type { Action, Grant } from '../registry/path/access-keys.ts'
import { openPathRegistry, type PathRegistry } from '../registry/path/registry.ts'
import { CannotStart } from './cannot-start.ts'
import { addCredential } from './credentials.ts'
import { type DataFolder, openDataFolder, pathStoreKey } from './data-folder.ts'
import { newCredential } from './first-access-key.ts'
import { readSettings } from './settings.ts'
import type { SettingsFlags } from './settings-flags.ts'

interface AddFlags extends SettingsFlags {
  readonly tenant: string
  readonly buckets: readonly string[]
  readonly prefixes?: readonly string[]
  readonly actions: readonly Action[]
  readonly networks?: readonly string[]
  readonly expires?: Date
  readonly storeProfile?: string
}

/** Makes a key. Its secret goes into the credentials file, under a profile of the key's name, and nowhere else. */
export async function addAccessKey(
  { tenant, expires, storeProfile, ...flags }: AddFlags,
  profile: string,
): Promise<void> {
  await withRegistry(flags, async ({ accessKeys }, folder) => {
    const credential = newCredential()
    const grant: Grant = {
      buckets: flags.buckets,
      actions: flags.actions,
      ...(flags.prefixes && { prefixes: flags.prefixes }),
      ...(flags.networks && { networks: flags.networks }),
    }
    addCredential(folder.credentials, profile, credential)
    await accessKeys.put({
      id: credential.accessKeyId,
      secret: credential.secretAccessKey,
      tenant,
      grants: [grant],
      ...(expires && { expires }),
      ...(storeProfile !== undefined && { storeCredential: storeProfile }),
    })
    process.stdout.write(`${credential.accessKeyId} is profile ${profile} in ${folder.credentials}\n`)
  })
}

/** Shows what there is, without secrets. */
export async function listAccessKeys(flags: SettingsFlags): Promise<void> {
  await withRegistry(flags, async ({ accessKeys }) => {
    for (const { secret: _, ...key } of await accessKeys.list())
      process.stdout.write(`${JSON.stringify(key)}\n`)
  })
}

/** Removes a key; running proxies refuse it within a second. */
export async function removeAccessKey(flags: SettingsFlags, id: string): Promise<void> {
  await withRegistry(flags, async ({ accessKeys }) => {
    if (!(await accessKeys.find(id))) throw new CannotStart(`There is no access key ${id}.`, 7)
    await accessKeys.remove(id)
    process.stdout.write(`${id} is removed; a running proxy refuses it within a second\n`)
  })
}

async function withRegistry(
  flags: SettingsFlags,
  work: (registry: PathRegistry, folder: DataFolder) => Promise<void>,
): Promise<void> {
  const folder = openDataFolder(readSettings(flags).data)
  const registry = await openPathRegistry({ file: folder.pathStore, key: pathStoreKey(folder) })
  try {
    await work(registry, folder)
  } finally {
    await registry.close()
  }
}
