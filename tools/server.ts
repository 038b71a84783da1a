import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Server {
  readonly pid: number
  /** What it has written to standard output and error so far; the last 64 KiB. */
  output(): string
  /** Ends it and resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface ServerCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly folder?: string
  readonly env?: NodeJS.ProcessEnv
  /** The server is up once this answers with 200. */
  readonly health: string
}

const OUTPUT_KEPT = 65_536
const START_LIMIT = 30_000

/**
 * Starts a server and resolves when its health check answers.
 * @throws Error with the server's own output, when it ends or stays silent for 30 seconds
 */
export async function startServer({ program, args, folder, env, health }: ServerCommand): Promise<Server> {
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (text: string) => {
    output = (output + text).slice(-OUTPUT_KEPT)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  const failed = once(child, 'error').then(([error]) => keep(String(error)))
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.removeListener('exit', killWithUs))

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (hasEnded(child)) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  const deadline = Date.now() + START_LIMIT
  while (!(await answers(health))) {
    if (child.pid === undefined) await failed
    if (child.pid === undefined || hasEnded(child) || Date.now() > deadline) {
      if (child.pid !== undefined) await stop('SIGKILL')
      throw new Error(`${program} did not start:\n${output}`)
    }
    await sleep(50)
  }
  return { pid: child.pid!, output: () => output, stop }
}

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
