import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, type S3Client, type S3ServiceException } from '@aws-sdk/client-s3'
import { afterAll, expect } from 'vitest'
import { openS3Store } from '../../src/store/s3/open.ts'
import type { Store } from '../../src/store/store.ts'
import type { Versitygw } from '../../tools/versitygw.ts'
import { sdkFor } from '../harness/s3-client.ts'
import { startTreuhand, type Treuhand } from '../harness/treuhand.ts'
import { startVersitygw } from '../harness/versitygw.ts'
import { type HostileStore, startHostileStore } from './hostile-store.ts'

/** An application, Treuhand, and a store that may be made hostile. */
export interface Setting {
  readonly application: S3Client
  readonly treuhand: Treuhand
  readonly hostile: HostileStore
  /** The operator's own hands on what lies in the store. */
  readonly operator: Store
  readonly server: Versitygw
}

/** Starts all of it for the suite that calls. */
export async function startSetting(): Promise<Setting> {
  const server = await startVersitygw()
  const hostile = await startHostileStore(server.endpoint)
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-hostile-'))
  const { access, secret } = server.root
  writeFileSync(
    join(folder, 'store-credentials'),
    `[default]\naws_access_key_id = ${access}\naws_secret_access_key = ${secret}\n`,
    { mode: 0o600 },
  )
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      store: { kind: 's3', endpoint: hostile.endpoint, credentials: 'store-credentials' },
      log: { level: 'debug' },
    }),
  )
  const treuhand = await startTreuhand({ args: ['--config', join(folder, 'config.json')] })
  const operator = await openS3Store({
    endpoint: new URL(server.endpoint),
    region: server.region,
    addressing: 'path',
    credential: { accessKeyId: access, secretAccessKey: secret },
  })
  const application = sdkFor(treuhand)
  afterAll(async () => {
    application.destroy()
    await treuhand.stop()
    await operator.close()
    hostile.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return { application, treuhand, hostile, operator, server }
}

/** What an application got of an object: all of it, or a beginning and an error. */
export interface Got {
  readonly bytes: Buffer
  readonly error?: S3ServiceException
}

/** Reads an object as far as it comes. */
export async function read(application: S3Client, Bucket: string, Key: string, Range?: string): Promise<Got> {
  const pieces: Buffer[] = []
  try {
    const { Body } = await application.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }))
    for await (const piece of Body as AsyncIterable<Buffer>) pieces.push(piece)
    return { bytes: Buffer.concat(pieces) }
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error: error as S3ServiceException }
  }
}

/** The one answer to whatever does not open: before the first byte, with a status that no SDK repeats. */
export function expectDoesNotOpen(error: S3ServiceException | undefined): void {
  expect(error?.name).toBe('ObjectDoesNotOpen')
  expect(error?.$metadata.httpStatusCode).toBe(400)
}

/** Either the uniform error, or a connection cut behind bytes that are all true, and not all of them. */
export function expectRefused({ bytes, error }: Got, plaintext: Buffer): void {
  expect(error).toBeDefined()
  expect(bytes.equals(plaintext.subarray(0, bytes.length))).toBe(true)
  expect(bytes.length).toBeLessThan(Math.max(plaintext.length, 1))
  if (error?.$metadata?.httpStatusCode !== undefined && bytes.length === 0) expectDoesNotOpen(error)
}
