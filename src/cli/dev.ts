import { join } from 'node:path'
import { firstLook } from './first-look.ts'
import { run } from './run.ts'
import { here, readSettings, settingsWords } from './settings.ts'
import type { DevFlags } from './settings-flags.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/treuhand.js')

/** `treuhand dev`, which `npm start` runs: proxy and custodian in one program, and what to paste first. */
export async function dev(flags: DevFlags): Promise<void> {
  const config = readSettings(flags)
  await run(config, ready => {
    // Port 0 is a different one for whoever pastes the lines.
    const port = flags.port === undefined ? {} : { port: Number(new URL(ready.endpoint).port) }
    const words = settingsWords({ ...flags, ...port })
    const look = { ...ready, config, flags: words, here: here(), program: PROGRAM }
    process.stdout.write(firstLook(look))
  })
}
