import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cosign } from '../../src/custody/log/checkpoint.ts'
import { Log } from '../../src/custody/log/log.ts'
import { readNote, signer, verifierKey, writeNote } from '../../src/custody/log/note.ts'
import { MemoryLogStore } from '../custody/log/memory-store.ts'

const key = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const witness = signer('customer.example/witness', 4, Buffer.alloc(32, 2))

let folder: string
let checker: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-verifier-'))
  checker = join(folder, 'log-verifier')
  execFileSync('go', ['build', '-o', checker, '.'], {
    cwd: join(import.meta.dirname, 'log-verifier'),
    stdio: 'pipe',
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the program in `log-verifier/` is asked about a log of `size` entries. */
async function questionOf(size: number, index: number, old: number) {
  const log = await Log.open(new MemoryLogStore(), key)
  await Promise.all(Array.from({ length: size }, (_, n) => log.append({ type: 'lease', at: n, body: { n } })))
  const note = readNote(log.head.note)
  const signatures = [...note.signatures, cosign(note.text, witness, 1_700_000_000)]
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return {
    log: verifierKey(key),
    witness: verifierKey(witness),
    checkpoint: base64(Buffer.from(writeNote({ text: note.text, signatures }))),
    leaf: base64(await log.leaf(index)),
    index,
    inclusion: (await log.inclusion(index)).map(base64),
    oldSize: old,
    oldRoot: base64(await log.rootAt(old)),
    consistency: (await log.consistency(old)).map(base64),
  }
}

function ask(question: object): string {
  const { stdout, stderr } = spawnSync(checker, { input: JSON.stringify(question), encoding: 'utf8' })
  return stdout.trim() || stderr.trim()
}

describe("Go's sumdb and transparency-dev", () => {
  it('accept our checkpoints, cosignatures and proofs, whatever the size', async () => {
    for (const [size, index, old] of [
      [1, 0, 1],
      [2, 1, 1],
      [7, 3, 6],
      [8, 0, 4],
      [255, 254, 128],
      [256, 17, 255],
      [257, 256, 256],
      [1000, 999, 777],
    ] as const)
      expect(ask(await questionOf(size, index, old)), `${size}, ${index}, ${old}`).toBe('accepted')
  })

  it('refuse them with anything changed', async () => {
    const question = await questionOf(100, 42, 64)
    const other = await questionOf(100, 43, 64)
    for (const [changed, complaint] of [
      [{ ...question, leaf: other.leaf }, 'inclusion'],
      [{ ...question, index: 43 }, 'inclusion'],
      [{ ...question, oldSize: 63 }, 'consistency'],
      [{ ...question, oldRoot: question.inclusion[0] }, 'consistency'],
      [{ ...question, log: verifierKey(signer(key.name, 1, Buffer.alloc(32, 7))) }, 'checkpoint'],
      [{ ...question, witness: verifierKey(signer(witness.name, 4, Buffer.alloc(32, 7))) }, 'signatures'],
    ] as const)
      expect(ask(changed)).toContain(complaint)
  })
})
