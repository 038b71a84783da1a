import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Log } from '../../src/cli/log.ts'
import { Metrics, metered } from '../../src/cli/metrics.ts'
import { sdkFor } from '../harness/s3-client.ts'
import { startTreuhand } from '../harness/treuhand.ts'
import { emptyFolder } from './folder.ts'

vi.setConfig({ testTimeout: 120_000 })

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }

describe('what is counted', () => {
  test('is told in the text format of Prometheus, each family under its type', () => {
    const metrics = new Metrics()
    const log = metered(SILENT, metrics)
    log.debug('request', { operation: 'GetObject', milliseconds: 7, bucket: 'b', key: 'k' })
    log.debug('request', { operation: 'GetObject', milliseconds: 2_000, code: 'NoSuchKey' })
    log.error('does-not-open', { bucket: 'b', key: 'k' })
    const text = metrics.text()
    expect(text).toContain('# TYPE treuhand_requests_total counter\n')
    expect(text).toContain('treuhand_requests_total{operation="GetObject",code="OK"} 1\n')
    expect(text).toContain('treuhand_requests_total{operation="GetObject",code="NoSuchKey"} 1\n')
    expect(text).toContain('treuhand_request_duration_seconds_bucket{le="0.005"} 0\n')
    expect(text).toContain('treuhand_request_duration_seconds_bucket{le="0.01"} 1\n')
    expect(text).toContain('treuhand_request_duration_seconds_bucket{le="+Inf"} 2\n')
    expect(text).toContain('treuhand_request_duration_seconds_sum 2.007\n')
    expect(text).toContain('treuhand_alarms_total{event="does-not-open"} 1\n')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.]+)$/)
  })

  test('by a worker goes to its primary once', () => {
    const [worker, primary] = [new Metrics(), new Metrics()]
    worker.request('PutObject', 'OK', 0.1)
    primary.add(worker.take())
    primary.add(worker.take())
    expect(primary.text()).toContain('treuhand_requests_total{operation="PutObject",code="OK"} 1\n')
  })
})

test.each([1, 2])('a proxy of %i processes tells what all of them did, and of no name', async workers => {
  const config = join(emptyFolder(), 'config.json')
  writeFileSync(config, JSON.stringify({ workers, metrics: { port: 0 } }))
  const treuhand = await startTreuhand({ args: ['--config', config] })
  onTestFinished(() => void treuhand.stop('SIGKILL'))
  await expect.poll(treuhand.stderr, { timeout: 60_000 }).toContain('"listening"')
  const port = /"metrics":(\d+)/.exec(treuhand.stderr())![1]
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)

  const client = sdkFor(treuhand)
  onTestFinished(() => client.destroy())
  await client.send(new CreateBucketCommand({ Bucket: 'a-secret-bucket' }))
  const at = { Bucket: 'a-secret-bucket', Key: 'a-secret-key' }
  await client.send(new PutObjectCommand({ ...at, Body: 'x' }))
  await expect(client.send(new GetObjectCommand({ ...at, Key: 'absent-key' }))).rejects.toThrow()

  const metrics = async () => (await ask('/metrics')).text()
  await expect.poll(metrics, { timeout: 60_000 }).toContain('{operation="GetObject",code="NoSuchKey"} 1\n')
  const text = await metrics()
  expect(text).toContain('treuhand_requests_total{operation="PutObject",code="OK"} 1\n')
  for (const name of ['secret', 'absent', treuhand.credential.accessKeyId]) expect(text).not.toContain(name)
  expect((await ask('/health')).status).toBe(200)
  expect((await ask('/')).status).toBe(404)
  expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(405)
  expect(await treuhand.stop()).toBe(0)
})
