import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Credential, readCredential } from '../../src/cli/credentials.ts'

export const PROGRAM = join(import.meta.dirname, '../../bin/treuhand.js')

/** Treuhand in a process of its own, as a user starts it. */
export interface Treuhand {
  readonly endpoint: string
  readonly credential: Credential
  readonly data: string
  readonly pid: number
  /** What it has written so far. */
  stdout(): string
  stderr(): string
  /** Asks it to end, or kills it, and resolves with its exit code when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface Start {
  /** A data folder; by default a new one, removed when the process ends. */
  readonly data?: string
  readonly port?: number
  readonly args?: readonly string[]
}

/** Starts Treuhand and resolves when it has said that it is ready. */
export async function startTreuhand({ data, port = 0, args = [] }: Start = {}): Promise<Treuhand> {
  const own = data === undefined ? mkdtempSync(join(tmpdir(), 'treuhand-')) : undefined
  const folder = data ?? join(own!, 'data')
  // As under npm start, it then ends with its parent, however that ends.
  const env = { ...process.env, npm_lifecycle_event: 'start', INIT_CWD: '' }
  const command = [PROGRAM, 'dev', '--port', String(port), '--data', folder, ...args]
  const child = spawn(process.execPath, command, { env })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const exited = once(child, 'close').then(([code]) => {
    process.removeListener('exit', killWithUs)
    if (own !== undefined) rmSync(own, { recursive: true, force: true })
    return code as number | null
  })

  const endpoint = await Promise.race([
    found(child, stdout, /^ {2}(https?:\/\/\S+)$/m),
    exited.then(code => {
      throw new Error(`Treuhand ended with ${code} before it was ready:\n${stderr()}`)
    }),
  ])
  return {
    endpoint,
    credential: readCredential(join(folder, 'credentials'), 'default'),
    data: folder,
    pid: child.pid!,
    stdout,
    stderr,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    },
  }
}

/** Runs a command of Treuhand to its end. */
export async function runTreuhand(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const [code] = await once(child, 'close')
  return { code, stdout: stdout(), stderr: stderr() }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  return () => text
}

async function found(child: ChildProcess, output: () => string, pattern: RegExp): Promise<string> {
  for (;;) {
    const match = pattern.exec(output())
    if (match) return match[1]!
    await once(child.stdout!, 'data')
  }
}
