import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { startVersitygw } from '../../tools/versitygw.ts'
import { startTreuhand, type Treuhand } from '../harness/treuhand.ts'

/** Every client is tried over each of them. */
export const STORES = ['directory', 'versitygw'] as const
export type StoreKind = (typeof STORES)[number]

/** Treuhand as a user starts it, over a store of its own, until the suite ends. */
export async function treuhandOver(kind: StoreKind): Promise<Treuhand> {
  if (kind === 'directory') {
    const treuhand = await startTreuhand()
    afterAll(() => treuhand.stop())
    return treuhand
  }
  const store = await startVersitygw()
  const folder = workFolder()
  writeFileSync(
    join(folder, 'store'),
    `[default]\naws_access_key_id = ${store.root.access}\naws_secret_access_key = ${store.root.secret}\n`,
    { mode: 0o600 },
  )
  const config = join(folder, 'treuhand.json')
  writeFileSync(
    config,
    JSON.stringify({ store: { kind: 's3', endpoint: store.endpoint, credentials: 'store' } }),
  )
  const treuhand = await startTreuhand({ args: ['--config', config] })
  afterAll(async () => {
    await treuhand.stop()
    await store.stop()
  })
  return treuhand
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

/** Runs a client to its end. @throws Error with all that it said when it does not end with 0 */
export async function run(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 64 * 2 ** 20, ...options })
  return stdout
}
