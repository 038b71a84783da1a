import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { enrol, readTicket } from '../keys/remote/enrol.ts'
import { CannotStart } from './cannot-start.ts'
import { readSettings } from './settings.ts'
import type { SettingsFlags } from './settings-flags.ts'

const ASK_EVERY = 5_000

/**
 * `treuhand enrol`: gets this proxy admitted by its custodian. The ticket comes from standard input, since
 * arguments are seen by every user of the machine.
 */
export async function enrolProxy(flags: SettingsFlags): Promise<void> {
  const { keys } = readSettings(flags)
  if (keys.kind !== 'custodian')
    throw new CannotStart('The configuration names no custodian. Set `keys.kind` to "custodian".', 2)
  const ticket = readTicketFrom(await text(process.stdin))
  const pending = await enrol(keys.urls[0]!, ticket)
  process.stdout.write(
    `Asked to be admitted. Tell the officers this fingerprint, which must stand in the proposal:\n\n  ${pending.fingerprint}\n\nWaiting for their approval.\n`,
  )
  while (!(await pending.finish(keys.credentials))) await sleep(ASK_EVERY)
  await pending.close()
  process.stdout.write(`Admitted. The credentials are in ${keys.credentials}.\n`)
}

function readTicketFrom(input: string) {
  try {
    return readTicket(input)
  } catch (error) {
    if (error instanceof RangeError) throw new CannotStart(error.message, 2)
    throw error
  }
}
