import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreCredential } from '../../src/store/s3/signature.ts'
import { dataFolder } from '../../tools/places.ts'
import { freePort } from '../../tools/server.ts'
import type { Subject } from './subject.ts'

export interface TreuhandOptions {
  readonly name: string
  readonly aead: 'evp' | 'node'
  readonly workers?: number
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** PEM file of the authority that the store's certificate comes from. */
  readonly ca?: string
}

/** Treuhand as an operator starts it: in front of a store, or with the directory store inside it. */
export async function startTreuhand(
  store: Subject | 'directory',
  options: TreuhandOptions,
): Promise<Subject> {
  const folder = await dataFolder('bench')
  const port = await freePort()
  const config = join(folder, 'treuhand.json')
  await writeFile(
    config,
    JSON.stringify({
      listen: { port, ...(options.tls && { tls: options.tls }) },
      data: 'data',
      store: store === 'directory' ? { kind: 'directory' } : await settingsFor(store, folder, options),
      aead: options.aead,
      workers: options.workers ?? 1,
      log: { level: 'warn' },
    }),
  )
  const program = join(import.meta.dirname, '..', '..', 'bin', 'treuhand.js')
  const child = spawn(process.execPath, [program, 'dev', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const credentials = join(folder, 'data', 'credentials')
  const endpoint = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`
  return {
    name: options.name,
    bucket: options.name.replaceAll(/[^a-z0-9]+/g, '-'),
    endpoint,
    credential: await credentialIn(credentials, child.exitCode),
    pid: child.pid!,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true })
    },
  }
}

/** The settings of a store elsewhere, whose key pair it writes into a file. */
async function settingsFor({ endpoint, credential }: Subject, folder: string, { ca }: TreuhandOptions) {
  const { accessKeyId, secretAccessKey } = credential
  await writeFile(
    join(folder, 'store'),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    { mode: 0o600 },
  )
  return { kind: 's3', endpoint, credentials: 'store', ...(ca && { ca }) }
}

/** The access key that the first start makes; waits until the proxy has written it. */
async function credentialIn(path: string, ended: number | null): Promise<StoreCredential> {
  for (let tries = 0; tries < 1_200 && ended === null; tries++) {
    const text = await readFile(path, 'utf8').catch(() => '')
    const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, 'm').exec(text)?.[1]
    const accessKeyId = value('aws_access_key_id')
    const secretAccessKey = value('aws_secret_access_key')
    if (accessKeyId !== undefined && secretAccessKey !== undefined) {
      await sleep(1_500)
      return { accessKeyId, secretAccessKey }
    }
    await sleep(100)
  }
  throw new Error('treuhand did not start')
}
