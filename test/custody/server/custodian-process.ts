import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { freePort } from '../../../tools/server.ts'
import { temporaryFolder } from '../folder.ts'
import { ORIGIN } from './attended.ts'

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts')

/** A custodian in a process of its own. */
export interface CustodianProcess {
  readonly child: ChildProcess
  readonly proxies: number
  readonly officers: number
  /** Resolves when it has said an event, now or before. @returns the event's fields */
  said(event: string): Promise<Record<string, unknown>>
  /** Resolves with its exit code or signal. */
  readonly ended: Promise<number | string | null>
}

/** `treuhand custodian serve` over a registry, by its configuration alone. */
export async function startProcess(registry: object, data: string): Promise<CustodianProcess> {
  const [proxies, officers] = [await freePort(), await freePort()]
  const file = join(temporaryFolder(), 'custodian.json')
  const config = {
    origin: ORIGIN,
    data,
    names: ['localhost'],
    proxies: { host: '127.0.0.1', port: proxies },
    officers: { host: '127.0.0.1', port: officers },
    registry,
    seal: { kind: 'quorum' },
  }
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(process.execPath, [MAIN, 'custodian', 'serve', '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const events = new Map<string, Record<string, unknown>>()
  const waiting = new Map<string, (fields: Record<string, unknown>) => void>()
  createInterface({ input: child.stderr! }).on('line', line => {
    const { event, ...fields } = line.startsWith('{') ? JSON.parse(line) : { event: line }
    events.set(event, fields)
    waiting.get(event)?.(fields)
  })
  const ended = new Promise<number | string | null>(resolve =>
    child.on('exit', (code, signal) => resolve(signal ?? code)),
  )
  const said = async (event: string) =>
    events.get(event) ??
    (await Promise.race([
      new Promise<Record<string, unknown>>(resolve => waiting.set(event, resolve)),
      ended.then(how => {
        throw new Error(`ended (${how}) without ${event}: ${JSON.stringify([...events])}`)
      }),
    ]))
  return { child, proxies, officers, said, ended }
}
