import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

/** A command of Treuhand that goes on, in a process of its own. */
export interface Program {
  readonly pid: number
  /** What it has written so far. */
  output(): string
  /** Resolves once it has written this, or rejects if it ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with its exit code, which is null for a signal. */
  readonly ended: Promise<number | null>
  /** Sends a signal and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * @param options of Node.js
 * @param env beside this process's own
 */
export function startProgram(
  args: readonly string[],
  options: readonly string[] = [],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(process.execPath, [...options, MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.stdin.end(input)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece
      child.emit('said')
    })
  const ended = once(child, 'close').then(([code]) => {
    process.removeListener('exit', killWithUs)
    child.emit('said')
    return code as number | null
  })
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    async said(pattern) {
      for (;;) {
        const match = pattern.exec(output)
        if (match) return match
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended before it said ${pattern}:\n${output}`)
        await once(child, 'said')
      }
    },
    kill(signal = 'SIGKILL') {
      child.kill(signal)
      return ended
    },
  }
}
