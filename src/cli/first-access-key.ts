import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { AccessKey, AccessKeys, Grant } from '../registry/path/access-keys.ts'
import { type Credential, readCredential, writeCredentials } from './credentials.ts'
import type { DataFolder } from './data-folder.ts'

/** The tenant of those who run the proxy for themselves. */
export const DEFAULT_TENANT = 'default'

const EVERYTHING: Grant = {
  buckets: ['*'],
  actions: ['read', 'write', 'delete', 'list', 'configure', 'manage'],
}

/**
 * Gives a path store without any access key its first one, which may do everything, and writes it to the
 * credentials file. Where that file is there already, as after the path store was lost, its pair goes on.
 */
export async function ensureFirstAccessKey(accessKeys: AccessKeys, folder: DataFolder): Promise<void> {
  if ((await accessKeys.list()).length > 0) return
  if (!existsSync(folder.credentials)) writeCredentials(folder.credentials, newCredential())
  const { accessKeyId, secretAccessKey } = readCredential(folder.credentials, 'default')
  await accessKeys.put(accessKey(accessKeyId, secretAccessKey, [EVERYTHING]))
}

const accessKey = (id: string, secret: string, grants: readonly Grant[]): Omit<AccessKey, 'created'> => ({
  id,
  secret,
  tenant: DEFAULT_TENANT,
  grants,
})

/** As long as AWS's own, since some tools check: 20 capital letters and digits, and 40 characters. */
export function newCredential(): Credential {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const id = Array.from(randomBytes(18), byte => letters[byte & 31]).join('')
  return { accessKeyId: `TH${id}`, secretAccessKey: randomBytes(30).toString('base64url') }
}
