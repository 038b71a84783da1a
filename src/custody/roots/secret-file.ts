import { open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CustodyError } from '../errors.ts'

const MOST = 4096

/**
 * A PIN, passphrase or token from a file that its owner alone may read, without its last newline.
 *
 * @throws CustodyError `RootKeyMissing`, `RootKeyUnsafe`
 */
export async function readSecretFile(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new CustodyError('RootKeyMissing', `The file ${path} cannot be read (${error.code}). Put it back.`)
  })
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0 && !isCredential(path)) {
      throw new CustodyError('RootKeyUnsafe', `Others can read the file ${path}. Run: chmod 600 ${path}`)
    }
    if (size > MOST)
      throw new CustodyError('RootKeyUnsafe', `The file ${path} is too long to hold one secret.`)
    return (await file.readFile('utf8')).replace(/\r?\n$/, '')
  } finally {
    await file.close()
  }
}

/** systemd guards its credentials by an access list, whose mask shows as the group's bits. */
function isCredential(path: string): boolean {
  const folder = process.env['CREDENTIALS_DIRECTORY']
  return folder !== undefined && dirname(resolve(path)) === resolve(folder)
}
