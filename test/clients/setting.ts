import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import type { Versitygw } from '../../tools/versitygw.ts'
import { makeCertificate } from '../harness/certificate.ts'
import { startTreuhand, type Treuhand } from '../harness/treuhand.ts'
import { startVersitygw } from '../harness/versitygw.ts'

/** Clients are tried over each of them. */
export const STORES = ['directory', 'versitygw'] as const
export type StoreKind = (typeof STORES)[number]

/**
 * Treuhand as a user starts it, over a store of its own, until the suite ends.
 * @param settings of the configuration file, but for the store's
 */
export async function treuhandOver(kind: StoreKind, settings: object = {}): Promise<Treuhand> {
  return kind === 'directory' ? configured(settings) : proxyBefore(await startVersitygw(), settings)
}

/** Treuhand before this store, under its root's key. */
export function proxyBefore({ endpoint, root }: Versitygw, settings: object = {}): Promise<Treuhand> {
  const credentials = join(workFolder(), 'store')
  writeFileSync(
    credentials,
    `[default]\naws_access_key_id = ${root.access}\naws_secret_access_key = ${root.secret}\n`,
    { mode: 0o600 },
  )
  return configured({ ...settings, store: { kind: 's3', endpoint, credentials } })
}

async function configured(settings: object): Promise<Treuhand> {
  const config = join(workFolder(), 'treuhand.json')
  writeFileSync(config, JSON.stringify(settings))
  const treuhand = await startTreuhand({ args: ['--config', config] })
  afterAll(() => treuhand.stop())
  return treuhand
}

/** Treuhand over HTTPS, over a directory, where a bucket may stand before the host name. */
export async function secureTreuhand(): Promise<{ treuhand: Treuhand; ca: string; domain: string }> {
  const domain = 's3.example.test'
  const folder = workFolder()
  const { key, cert } = makeCertificate([domain, `*.${domain}`], ['127.0.0.1'])
  const ca = join(folder, 'cert.pem')
  writeFileSync(ca, cert)
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
  const treuhand = await treuhandOver('directory', {
    listen: { tls: { certificate: ca, key: join(folder, 'key.pem') } },
    baseDomains: [domain],
  })
  return { treuhand, ca, domain }
}

/** A folder that goes when the suite ends. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-clients-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The environment in which every AWS client finds Treuhand. */
export const awsEnvironment = ({ endpoint, data }: Treuhand): NodeJS.ProcessEnv => ({
  ...process.env,
  AWS_SHARED_CREDENTIALS_FILE: join(data, 'credentials'),
  AWS_ENDPOINT_URL: endpoint,
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
})

/** The same for clients that read no credentials file, or one of another name. */
export const keyEnvironment = (treuhand: Treuhand): NodeJS.ProcessEnv => ({
  ...awsEnvironment(treuhand),
  AWS_ACCESS_KEY_ID: treuhand.credential.accessKeyId,
  AWS_SECRET_ACCESS_KEY: treuhand.credential.secretAccessKey,
})

/** Runs a client to its end. @throws Error with all that it said when it does not end with 0 */
export async function run(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 64 * 2 ** 20, ...options })
  return stdout
}

/** Runs a program of test/clients and returns the steps that went right, one a line of what it prints. */
export async function steps(
  program: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv },
): Promise<readonly string[]> {
  return (await run(program, args, options)).trimEnd().split('\n')
}

/** The path of a program of test/clients. */
export const source = (...path: string[]): string => join(import.meta.dirname, ...path)
