import type { Config } from '../config/schema.ts'
import { explain } from './cannot-start.ts'
import { CHECKS, type Check, Doubtful } from './checks.ts'
import { readSettings } from './settings.ts'
import type { SettingsFlags } from './settings-flags.ts'

interface Found {
  readonly about: string
  readonly result: 'ok' | 'doubtful' | 'failed'
  readonly found: string
  readonly exit: number
}

/**
 * `treuhand check`: looks at all that a proxy of this configuration needs, beside a running one or without,
 * and ends as the first that fails would end the proxy.
 */
export async function check({ json, ...flags }: SettingsFlags & { readonly json: boolean }): Promise<void> {
  const config = readSettings(flags)
  for (const each of CHECKS) {
    const found = await lookAt(each, config)
    process.stdout.write(`${json ? JSON.stringify(found) : forPeople(found)}\n`)
    process.exitCode ||= found.exit
  }
}

async function lookAt({ about, look }: Check, config: Config): Promise<Found> {
  try {
    return { about, result: 'ok', found: await look(config), exit: 0 }
  } catch (error) {
    if (error instanceof Doubtful) return { about, result: 'doubtful', found: error.message, exit: 0 }
    const { text, exit } = explain(error)
    return { about, result: 'failed', found: text, exit }
  }
}

const MARKS = { ok: 'ok  ', doubtful: '??  ', failed: 'FAIL' }

const forPeople = ({ about, result, found }: Found) => `${MARKS[result]} ${about.padEnd(11)} ${found}`
