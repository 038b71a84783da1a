import { once } from 'node:events'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import { StoreError, StoreUnavailable } from '../store/errors.ts'
import { type Findings, openS3Store, type S3Store } from '../store/s3/open.ts'
import type { Address } from '../store/store.ts'
import { CannotStart } from './cannot-start.ts'
import { readCredential } from './credentials.ts'
import { openDataFolder } from './data-folder.ts'
import { here, readSettings } from './settings.ts'
import type { SettingsFlags } from './settings-flags.ts'

/**
 * `treuhand put` and `treuhand get`: an application like any other, for a first look on a machine that has no
 * S3 tool. It speaks to the proxy as the proxy speaks to a store.
 */

/** Puts a file under `s3://BUCKET/KEY`, in a bucket that is made where it is missing. */
export async function putFile(flags: SettingsFlags, file: string, url: string): Promise<void> {
  const at = parseObjectUrl(url)
  const path = resolve(here(), file)
  await withProxy(readSettings(flags), async proxy => {
    await proxy.createBucket(at.bucket, {}).catch(unlessOwned)
    const writer = await proxy.put(at, { metadata: {}, settings: {} }, statSync(path).size, {})
    for await (const piece of createReadStream(path)) await writer.write([piece])
    await writer.finish()
  })
}

/** Writes an object to standard output. */
export async function getObject(flags: SettingsFlags, url: string): Promise<void> {
  const at = parseObjectUrl(url)
  await withProxy(readSettings(flags), async proxy => {
    const { body } = await proxy.get(at, undefined, {})
    let piece = Buffer.alloc(0)
    await body.readInto({
      // New memory each time, since standard output keeps what it was given until it is written.
      space: () => (piece = Buffer.allocUnsafe(65_536)),
      filled: length => (process.stdout.write(piece.subarray(0, length)) ? undefined : drained()),
    })
  })
}

const drained = async () => void (await once(process.stdout, 'drain'))

function parseObjectUrl(url: string): Address {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? []
  if (bucket && key) return { bucket, key }
  throw new CannotStart(`"${url}" names no object. Write it as s3://BUCKET/KEY.`, 2)
}

/** What is known of a proxy of our own, so that it need not be probed. */
const PROXY: Findings = {
  clockSkew: 0,
  publishesShortPuts: false,
  objectForm: 'unsigned-trailer',
  partForm: 'unsigned-trailer',
  checksums: [],
  conditions: { put: true, complete: true, delete: true, 'copy-source': true },
}

async function withProxy(config: Config, work: (proxy: S3Store) => Promise<void>): Promise<void> {
  const { host, port, tls } = config.listen
  const endpoint = `${tls ? 'https' : 'http'}://${host}:${port}`
  const proxy = await openS3Store({
    endpoint: new URL(endpoint),
    region: config.region,
    addressing: 'path',
    credential: readCredential(openDataFolder(config.data).credentials, 'default'),
    findings: PROXY,
    ...(tls && { ca: readFileSync(tls.certificate, 'utf8') }),
  })
  try {
    await work(proxy)
  } catch (error) {
    if (error instanceof StoreUnavailable && error.reason === 'unreachable')
      throw new CannotStart(`No proxy answers at ${endpoint}. Start one with npm start.`, 8)
    if (error instanceof StoreError) throw new CannotStart(`The proxy refused with ${error.code}.`, 3)
    throw error
  } finally {
    await proxy.close()
  }
}

function unlessOwned(error: unknown): void {
  if (error instanceof StoreError && error.code === 'BucketAlreadyOwnedByYou') return
  throw error
}
