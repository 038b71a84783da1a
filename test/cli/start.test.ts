import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sdkFor } from '../harness/s3-client.ts'
import { PROGRAM, runTreuhand, startTreuhand } from '../harness/treuhand.ts'
import { emptyFolder } from './folder.ts'

const Bucket = 'photos'

// Each test starts processes, which takes as long as the machine is busy.
vi.setConfig({ testTimeout: 120_000 })

describe('npm start', () => {
  test('serves the AWS SDK, and another start with the same folder finds everything again', async () => {
    const data = join(emptyFolder(), 'data')
    const small = randomBytes(1000)
    const large = randomBytes(300_000)
    const parts = [randomBytes(5 * 2 ** 20), randomBytes(1)]

    const first = await startTreuhand({ data })
    onTestFinished(() => void first.stop('SIGKILL'))
    const s3 = sdkFor(first)
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'small', Body: small, Metadata: { owner: 'Ada' } }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a/large', Body: large, ContentType: 'image/png' }))
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))
    const Parts = []
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1
      const { ETag } = await s3.send(
        new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber, Body }),
      )
      Parts.push({ PartNumber, ETag })
    }
    const complete = { Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } }
    await s3.send(new CompleteMultipartUploadCommand(complete))
    expect(await first.stop()).toBe(0)

    const second = await startTreuhand({ data })
    onTestFinished(() => void second.stop('SIGKILL'))
    expect(second.credential).toEqual(first.credential)
    const again = sdkFor(second)
    const { Contents } = await again.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
      ['a/large', large.length],
      ['parts', parts[0]!.length + 1],
      ['small', small.length],
    ])
    const get = await again.send(new GetObjectCommand({ Bucket, Key: 'small' }))
    expect(Buffer.from(await get.Body!.transformToByteArray())).toEqual(small)
    expect(get.Metadata).toEqual({ owner: 'Ada' })
    const range = await again.send(new GetObjectCommand({ Bucket, Key: 'parts', Range: 'bytes=5242870-' }))
    expect(Buffer.from(await range.Body!.transformToByteArray())).toEqual(
      Buffer.concat(parts).subarray(5242870),
    )
    const head = await again.send(new HeadObjectCommand({ Bucket, Key: 'a/large' }))
    expect(head).toMatchObject({ ContentLength: large.length, ContentType: 'image/png' })
    await again.send(new DeleteObjectCommand({ Bucket, Key: 'small' }))
    await expect(again.send(new GetObjectCommand({ Bucket, Key: 'small' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    })
    expect(await second.stop('SIGINT')).toBe(0)
  })

  test('shows three lines that put an object, get it back and show ciphertext', async () => {
    const treuhand = await startTreuhand()
    onTestFinished(() => void treuhand.stop('SIGKILL'))
    expect(treuhand.stdout()).toContain(join(treuhand.data, 'credentials'))
    const lines = treuhand.stdout().trim().split('\n').slice(-3)
    const root = join(import.meta.dirname, '../..')
    const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` }
    const run = async (line: string) =>
      (await promisify(execFile)('sh', ['-c', line], { cwd: root, env })).stdout

    await run(lines[0]!)
    expect(await run(lines[1]!)).toBe(readFileSync(join(root, 'README.md'), 'utf8'))
    expect(await run(lines[2]!)).toMatch(/^0000000 {1,3}\S/)
    expect(lines[2]).toContain('od -c')
    expect(await treuhand.stop()).toBe(0)
  })

  test('keeps no secret where others may read it, nor in what it says', async () => {
    const treuhand = await startTreuhand()
    onTestFinished(() => void treuhand.stop('SIGKILL'))
    const s3 = sdkFor(treuhand)
    const plain = randomBytes(100_000)
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'k', Body: plain, Metadata: { owner: 'Ada of somewhere' } }),
    )

    const files = readdirSync(treuhand.data, { recursive: true, withFileTypes: true })
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['credentials', 'root.key', 'path.key']),
    )
    for (const entry of files) {
      const path = join(entry.parentPath, entry.name)
      expect(statSync(path).mode & 0o077, path).toBe(0)
      if (!entry.isFile()) continue
      const bytes = readFileSync(path)
      for (let at = 0; at < plain.length; at += 997)
        expect(bytes.includes(plain.subarray(at, at + 16)), path).toBe(false)
      expect(bytes.includes('Ada of somewhere'), path).toBe(false)
      if (entry.name !== 'credentials')
        expect(bytes.includes(treuhand.credential.secretAccessKey), path).toBe(false)
    }
    await treuhand.stop()
    const said = treuhand.stdout() + treuhand.stderr()
    for (const secret of [treuhand.credential.secretAccessKey, 'Ada of somewhere'])
      expect(said).not.toContain(secret)
  })

  test('knows an access key made while it runs, and refuses it once removed', async () => {
    const treuhand = await startTreuhand()
    onTestFinished(() => void treuhand.stop('SIGKILL'))
    const data = ['--data', treuhand.data]
    await sdkFor(treuhand).send(new CreateBucketCommand({ Bucket }))
    const made = await runTreuhand([
      'access-key',
      'add',
      'reader',
      '--buckets',
      Bucket,
      '--actions',
      'list',
      ...data,
    ])
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const [id] = made.stdout.split(' ')
    const { readCredential } = await import('../../src/cli/credentials.ts')
    const reader = sdkFor({
      ...treuhand,
      credential: readCredential(join(treuhand.data, 'credentials'), 'reader'),
    })

    expect((await reader.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0)
    await expect(reader.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    expect((await runTreuhand(['access-key', 'remove', id!, ...data])).code).toBe(0)
    await expect
      .poll(() => reader.send(new ListObjectsV2Command({ Bucket })).catch(({ name }) => name), {
        timeout: 10_000,
      })
      .toBe('InvalidAccessKeyId')
    const { stdout } = await runTreuhand(['access-key', 'list', ...data])
    expect(stdout).toContain(treuhand.credential.accessKeyId)
    expect(stdout).not.toContain(treuhand.credential.secretAccessKey)
    await treuhand.stop()
  })
})

test('npm start ends with the shell that npm ran it in', async () => {
  const data = join(emptyFolder(), 'data')
  const line = `'${process.execPath}' '${PROGRAM}' dev --port 0 --data '${data}'; true`
  const env = { ...process.env, npm_lifecycle_event: 'start' }
  const shell = spawn('sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  // Standard output closes when the last process that has it is gone.
  const closed = once(shell.stdout, 'close')
  await once(shell.stdout, 'data')
  shell.kill('SIGKILL')
  await closed
})

describe('npm start says in a sentence what is in its way, and ends', () => {
  const start = async (...args: string[]) => {
    const { code, stdout, stderr } = await runTreuhand(['dev', '--port', '0', ...args])
    expect(stdout).toBe('')
    expect(stderr).not.toContain('    at ')
    const sentence = stderr.split('\n').filter(line => line && !line.startsWith('{'))
    expect(sentence).toHaveLength(1)
    return { code, sentence: sentence[0]! }
  }

  test('a wrong option', async () => {
    expect(await start('--prot', '1')).toEqual({
      code: 2,
      sentence: 'No flag registered for --prot, did you mean --port?',
    })
  })

  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await runTreuhand([
      'dev',
      '--port',
      String(port),
      '--data',
      join(emptyFolder(), 'data'),
    ])
    expect(code).toBe(1)
    expect(stderr).toContain(
      `Port ${port} on 127.0.0.1 is in use by another program. Stop that one, or choose another`,
    )
  })

  test('a data folder of another version, or in use', async () => {
    const other = emptyFolder()
    writeFileSync(join(other, 'VERSION'), 'treuhand data folder, layout 2\n')
    expect(await start('--data', other)).toMatchObject({
      code: 1,
      sentence: expect.stringContaining('has layout 2'),
    })

    const running = await startTreuhand()
    onTestFinished(() => void running.stop('SIGKILL'))
    expect(await start('--data', running.data)).toMatchObject({
      code: 1,
      sentence: expect.stringMatching(/in use by another/),
    })
    await running.stop()
  })

  test('a root key that is lost, or that others may read', async () => {
    const data = join(emptyFolder(), 'data')
    await (await startTreuhand({ data })).stop()
    chmodSync(join(data, 'root.key'), 0o644)
    expect(await start('--data', data)).toMatchObject({
      code: 1,
      sentence: expect.stringContaining('chmod 600'),
    })
    rmSync(join(data, 'root.key'))
    expect(await start('--data', data)).toMatchObject({
      code: 1,
      sentence: expect.stringMatching(/root key file .* is missing.* Put it back from your backup/),
    })
  })

  test('a configuration that is wrong', async () => {
    const file = join(emptyFolder(), 'treuhand.json')
    writeFileSync(file, JSON.stringify({ listen: { prt: 1 } }))
    expect(await start('--config', file)).toEqual({
      code: 2,
      sentence: 'There is no setting `listen.prt`. Did you mean `port`?',
    })
  })
})
