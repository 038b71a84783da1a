import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianProgram } from './debian.ts'

/** Seconds by which the processes that were started with `env` see their wall clock before or behind the machine's. */
export interface Clock {
  readonly env: Readonly<Record<string, string>>
  set(seconds: number): void
}

/**
 * A wall clock that can be set while processes run, by libfaketime. The monotonic clock, and with it timers, go on as
 * they do when a host's clock is set.
 *
 * @param folder of the file that says how far it is off
 */
export async function settableClock(folder: string): Promise<Clock> {
  await debianProgram('faketime')
  const file = join(folder, `clock-${crypto.randomUUID()}`)
  const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  set(0)
  const env = {
    LD_PRELOAD: library(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  return { env, set }
}

/** Debian puts libraries into a folder of the machine's kind. */
function library(): string {
  const kinds = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  const path = kinds.map(kind => `/usr/lib/${kind}/faketime/libfaketimeMT.so.1`).find(existsSync)
  if (path === undefined)
    throw new Error('the Debian package faketime brought no library where it was looked for')
  return path
}
