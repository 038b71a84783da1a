import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { cosign } from '../../src/custody/log/checkpoint.ts'
import { mirroredFiles, storedFiles } from '../../src/custody/log/files.ts'
import { Log } from '../../src/custody/log/log.ts'
import { pullMirror } from '../../src/custody/log/mirror.ts'
import { readNote, readVerifierKey, signer, verifierKey, writeNote } from '../../src/custody/log/note.ts'
import { witnessClient } from '../../src/custody/log/witness-client.ts'
import { statementEntry, writeEvidence } from '../../src/evidence/evidence.ts'
import { signStatement } from '../../src/evidence/statement.ts'
import { MemoryLogStore } from '../custody/log/memory-store.ts'
import { emptyFolder } from './folder.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const key = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const witness = signer('customer.example/witness', 4, Buffer.alloc(32, 2))

// Each test starts processes, which takes as long as the machine is busy.
vi.setConfig({ testTimeout: 120_000 })

/** Runs the program; its exit code and what it printed. */
async function treuhand(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [MAIN, ...args])) }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

async function mirrored() {
  const store = new MemoryLogStore()
  const log = await Log.open(store, key)
  const made = 1_700_000_000_000
  const statement = signStatement({ origin: key.name, kind: 'custody', made, body: { seal: 'quorum' } }, key)
  await log.append({ type: 'lease', at: 1, body: {} })
  const index = await log.append(statementEntry(statement, 'custody', made))
  const note = readNote(log.head.note)
  store.cosigned = writeNote({
    text: note.text,
    signatures: [...note.signatures, cosign(note.text, witness, 1_700_000_001)],
  })
  const folder = emptyFolder()
  await pullMirror(storedFiles(store), mirroredFiles(folder), { log: key, witness })
  const proof = { index, hashes: await log.inclusion(index), checkpoint: store.cosigned }
  const evidence = join(folder, 'evidence.json')
  writeFileSync(evidence, writeEvidence({ statement, leaf: await log.leaf(index), proof }))
  return { folder, evidence, root: log.head.root.toString('base64') }
}

describe('an auditor', () => {
  test('verifies a mirrored log and a statement offline; what was altered exits 9', async () => {
    const { folder, evidence, root } = await mirrored()
    const trust = ['--log', verifierKey(key), '--witness', verifierKey(witness), '--json']
    const log = await treuhand('log', 'verify', ...trust, folder)
    expect(JSON.parse(log.stdout)).toMatchObject({ size: 2, root, witnessedAt: '2023-11-14T22:13:21.000Z' })
    const stated = await treuhand('evidence', 'verify', ...trust, evidence)
    expect(JSON.parse(stated.stdout).statement).toMatchObject({ kind: 'custody', body: { seal: 'quorum' } })
    const written = await treuhand('evidence', 'extract', ...trust, folder, join(folder, 'evidence'))
    const [file] = JSON.parse(written.stdout).files
    expect(await readFile(file, 'utf8')).toBe(await readFile(evidence, 'utf8'))
    const token = join(emptyFolder(), 'token')
    writeFileSync(token, 'the-auditor-s-token', { mode: 0o600 })
    const server = createServer(async (request, response) => {
      if (request.headers.authorization !== 'Bearer the-auditor-s-token') return response.writeHead(403).end()
      const bytes = await mirroredFiles(folder).read(request.url!.slice('/v1/log/'.length))
      response.writeHead(bytes ? 200 : 404).end(bytes)
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/log`
    const copy = emptyFolder()
    const mirror = async () => await treuhand('log', 'mirror', ...trust, '--token-file', token, url, copy)
    expect(JSON.parse((await mirror()).stdout)).toEqual({ size: 2 })
    writeFileSync(token, 'another')
    expect(await mirror()).toMatchObject({ code: 3, stderr: expect.stringContaining('auditor token') })
    expect((await treuhand('log', 'verify', ...trust, copy)).code).toBe(0)
    writeFileSync(join(folder, 'tile/0/000.p/2'), Buffer.alloc(64))
    const altered = await treuhand('log', 'verify', ...trust, folder)
    expect([altered.code, altered.stderr]).toEqual([9, expect.stringContaining('tile/0/000.p/2')])
  })
})

describe('treuhand witness', () => {
  test('cosigns a log that grows, and has the same key after a restart', async () => {
    const data = emptyFolder()
    const log = await Log.open(new MemoryLogStore(), key)
    const start = async () => {
      const flags = ['--name', 'w.example', '--data', data, '--logs', verifierKey(key), '--port', '0']
      const child = spawn(process.execPath, [MAIN, 'witness', ...flags], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      let said = ''
      for await (const chunk of child.stdout) {
        said += chunk
        if (/port \d+\n/.test(said)) break
      }
      const verifier = readVerifierKey(said.split('\n')[0]!)
      const client = witnessClient({ url: `http://127.0.0.1:${/port (\d+)/.exec(said)![1]}`, verifier })
      return { child, client }
    }
    const first = await start()
    await log.append({ type: 'lease', at: 1, body: {} })
    expect(await first.client.add({ old: 0, proof: [], note: readNote(log.head.note) })).toMatchObject({
      said: 'cosigned',
    })
    first.child.kill('SIGTERM')
    await once(first.child, 'exit')
    const second = await start()
    expect(await second.client.latest(key)).toMatchObject({ size: 1, root: log.head.root })
    expect(second.client.verifier.id).toBe(first.client.verifier.id)
  })
})
