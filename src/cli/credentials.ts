import { CannotStart } from './cannot-start.ts'
import { readSecretFile, replaceSecretFile, writeSecretFile } from './files.ts'

/** A key pair as AWS tools keep it. */
export interface Credential {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/**
 * The profiles of an AWS shared credentials file, after
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html; settings that are no credential are left out.
 * @throws CannotStart where the file is missing, or others may read it
 */
export function readCredentials(file: string): ReadonlyMap<string, Credential> {
  const text = readSecretFile(file)?.toString('utf8')
  if (text === undefined) throw new CannotStart(`There is no credentials file ${file}.`)
  const credentials = new Map<string, Credential>()
  for (const [name, settings] of sections(text)) {
    const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token: token } = settings
    if (id && secret)
      credentials.set(name, {
        accessKeyId: id,
        secretAccessKey: secret,
        ...(token && { sessionToken: token }),
      })
  }
  return credentials
}

function sections(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const found = new Map<string, Record<string, string>>()
  let settings: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    const name = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1]
    if (name !== undefined) {
      settings = {}
      found.set(name, settings)
    }
    const [, setting, value] = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (setting && value !== undefined) settings[setting.toLowerCase()] = value
  }
  return found
}

/** @throws CannotStart where the profile is not there */
export function readCredential(file: string, profile: string): Credential {
  const credential = readCredentials(file).get(profile)
  if (credential) return credential
  throw new CannotStart(
    `The credentials file ${file} has no profile "${profile}" with aws_access_key_id and aws_secret_access_key.`,
  )
}

/** Writes a new credentials file with one profile, `default`. */
export function writeCredentials(file: string, credential: Credential): void {
  writeSecretFile(file, section('default', credential))
}

/**
 * Adds a profile to a credentials file, which is made where it is missing.
 * @throws CannotStart where the profile is there already
 */
export function addCredential(file: string, profile: string, credential: Credential): void {
  const text = readSecretFile(file)?.toString('utf8') ?? ''
  if (sections(text).has(profile))
    throw new CannotStart(
      `The credentials file ${file} has a profile ${profile} already. Choose another name.`,
      7,
    )
  replaceSecretFile(file, `${text}${text && '\n'}${section(profile, credential)}`)
}

const section = (profile: string, { accessKeyId, secretAccessKey }: Credential) =>
  `[${profile}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
