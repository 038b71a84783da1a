import { relative } from 'node:path'
import type { Config } from '../config/schema.ts'
import type { DataFolder } from './data-folder.ts'

export interface FirstLook {
  readonly config: Config
  readonly folder: DataFolder
  readonly endpoint: string
  /** The settings that the program was started with, to start the next one with. */
  readonly flags: readonly string[]
  /** From where the person who reads this runs commands. */
  readonly here: string
  readonly program: string
}

const OBJECT = 's3://first/readme.md'

/** What a person reads once the proxy listens. The lines to paste need nothing but Node and POSIX tools. */
export function firstLook({ config, folder, endpoint, flags, here, program }: FirstLook): string {
  const near = (path: string) => quote(nearest(path, here))
  const treuhand = ['node', near(program)].join(' ')
  const settings = flags.map(flag => ` ${quote(flag)}`).join('')
  return `
Treuhand is ready. Applications reach it at

  ${endpoint}

with the access key in ${nearest(folder.credentials, here)} (profile default).
Put an object, get it back, and look at what is stored:

  ${treuhand} put README.md ${OBJECT}${settings}
  ${treuhand} get ${OBJECT}${settings}
  ${showStored(config, folder, near)}

`
}

/** Shows ciphertext with a tool that knows nothing of Treuhand. */
function showStored({ store }: Config, folder: DataFolder, near: (path: string) => string): string {
  if (store.kind === 'directory')
    return `od -c "$(find ${near(store.path ?? folder.store)}/payload -type f | sort | tail -n 1)" | head`
  const credentials = `AWS_SHARED_CREDENTIALS_FILE=${near(store.credentials)} AWS_PROFILE=${quote(store.profile)}`
  return `${credentials} aws --endpoint-url ${quote(store.endpoint)} --region ${quote(store.region)} s3 cp ${OBJECT} - | od -c | head`
}

/** A path as it is shortest, seen from a folder. */
function nearest(path: string, here: string): string {
  const way = relative(here, path)
  return way === '' || way.startsWith('..') ? path : way
}

/** A word for a POSIX shell. */
const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
