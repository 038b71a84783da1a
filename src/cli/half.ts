import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import { type CustomerHalf, readHalf } from '../keys/half.ts'
import { CannotStart } from './cannot-start.ts'
import { readSecretFile, writeSecretFile } from './files.ts'
import { here } from './settings.ts'
import { showWould, wouldBe } from './show.ts'

/**
 * The customer's half that a configuration names; undefined where it names none.
 * @throws CannotStart
 */
export function configuredHalf({ keys }: Config): CustomerHalf | undefined {
  if (keys.kind !== 'custodian' || keys.half === undefined) return undefined
  if (keys.half.kind === 'file') return halfOf(keys.half.file, readSecretFile(keys.half.file))
  const folder = process.env['CREDENTIALS_DIRECTORY']
  if (folder === undefined)
    throw new CannotStart(
      'keys.half names a credential, but systemd gave none. Set LoadCredentialEncrypted= in the unit.',
    )
  // systemd guards these by the folder, and shows the access list of another user as rights of a group.
  const path = join(folder, keys.half.credential)
  return halfOf(path, readFileSync(path))
}

function halfOf(path: string, content: Buffer | undefined): CustomerHalf {
  if (content === undefined)
    throw new CannotStart(`There is no customer's half ${path}. Without it nothing opens: bring its copy.`)
  try {
    return readHalf(content.toString('utf8'))
  } catch {
    throw new CannotStart(`The file ${path} holds no customer's half: 32 bytes in base64. Bring its copy.`)
  } finally {
    content.fill(0)
  }
}

/** `treuhand half new FILE` */
export function makeHalf(
  { json, dryRun }: { readonly json: boolean; readonly dryRun?: boolean },
  file: string,
): void {
  const path = resolve(here(), file)
  if (existsSync(path)) throw halfIsThere(path)
  if (dryRun) {
    showWould({ json }, wouldBe(`A new half would be written to ${path}.`))
    return
  }
  const bytes = randomBytes(32)
  try {
    writeSecretFile(path, `${bytes.toString('base64')}\n`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw halfIsThere(path)
  }
  const { fingerprint } = halfOf(path, readSecretFile(path))
  if (json) {
    print(JSON.stringify({ file: path, fingerprint }))
    return
  }
  print(`Wrote ${path}. Its fingerprint, for the proposal that makes the tenant:\n\n  ${fingerprint}\n`)
  print('Keep copies where the trustee cannot reach them. If the half is lost, so is the data.')
}

const halfIsThere = (path: string): CannotStart =>
  new CannotStart(`${path} is there already. A half is made once; what it sealed opens with no other.`, 7)

/** `treuhand half fingerprint FILE` */
export function showHalf({ json }: { readonly json: boolean }, file: string): void {
  const path = resolve(here(), file)
  const { fingerprint } = halfOf(path, readSecretFile(path))
  print(json ? JSON.stringify({ fingerprint }) : fingerprint)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
