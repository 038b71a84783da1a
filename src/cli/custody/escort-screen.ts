import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError } from '../../custody/errors.ts'
import type { ScreenLine } from '../../custody/escorts/escort.ts'
import { type EscortEnd, type EscortRecord, endSentence } from '../../custody/escorts/record.ts'
import { printable } from '../../custody/printable.ts'
import { ask, bearer } from './client.ts'
import { type PersonFlags, signedRequest } from './person.ts'

const AGAIN = 2_000
/** Milliseconds that the custodian waits for a request to be let through. */
const WITHIN = 15_000
/** Refusals after which the custodian may answer again. */
const PASSING = ['Unreachable', 'Standby', 'Sealed', 'TooMany']

interface WatchFlags extends PersonFlags {
  /** Each request is let through by hand. */
  readonly ask?: boolean
}
interface Opened {
  readonly screen: string
  readonly watches: boolean
  readonly grant: EscortRecord
}
interface Look {
  readonly lines: readonly ScreenLine[]
  readonly ended: EscortEnd | null
}

/**
 * `treuhand escort watch ESCORT`: the screen. What it has printed is let through; with `--ask`, what Enter was pressed
 * for. It goes on until the access ends, or the person leaves.
 */
export async function watch(flags: WatchFlags, id: string): Promise<void> {
  const word = await signedRequest(flags, 'watch-escort', { escort: id })
  const { screen, watches, grant } = (await ask(
    flags,
    'POST',
    `/v1/escorts/${id}/watch`,
    word,
  )) as unknown as Opened
  process.stderr.write(`${describe(id, grant, watches, flags.ask === true)}
`)
  const keyboard = new Keyboard(async () => {
    await ask(flags, 'POST', `/v1/escorts/${id}/end`, {}, bearer(screen))
  })
  try {
    let after = 0
    let shown: readonly string[] = []
    for (;;) {
      const { lines, ended } = await look(flags, id, screen, { after, shown })
      for (const one of lines) process.stdout.write(`${flags.json ? JSON.stringify(one) : inWords(one)}\n`)
      if (ended && lines.length === 0) return void process.stderr.write(`${endSentence(ended)}\n`)
      after = lines.at(-1)?.number ?? after
      shown = lines.flatMap(one => (one.kind === 'request' ? [one.id] : []))
      if (flags.ask && watches && shown.length > 0 && !(await keyboard.enter())) shown = []
    }
  } finally {
    keyboard.close()
  }
}

/** Looks until the custodian answers: while it does not, nothing is served. */
async function look(
  flags: WatchFlags,
  id: string,
  screen: string,
  { after, shown }: { readonly after: number; readonly shown: readonly string[] },
): Promise<Look> {
  for (let told = false; ; told = true) {
    try {
      return (await ask(
        flags,
        'POST',
        `/v1/escorts/${id}/screen`,
        { after, shown },
        bearer(screen),
      )) as unknown as Look
    } catch (error) {
      if (!(error instanceof CustodyError) || !PASSING.includes(error.code)) throw error
      if (!told) process.stderr.write(`${error.message} Nothing is served meanwhile; it is tried again.\n`)
      await sleep(AGAIN)
    }
  }
}

/** What the person types: `e` ends the access, anything else lets through what is shown. */
class Keyboard {
  readonly #lines = createInterface({ input: process.stdin, terminal: false })
  #entered = Promise.withResolvers<void>()

  constructor(end: () => Promise<void>) {
    this.#lines.on('line', typed => {
      const failed = ({ message }: Error) =>
        process.stderr.write(`It is not ended: ${message} Pull treuhand custodian kill if it must end now.\n`)
      if (typed.trim().toLowerCase() === 'e') end().catch(failed)
      this.#entered.resolve()
      this.#entered = Promise.withResolvers()
    })
  }

  /** @returns false where the time is over within which something must be typed */
  async enter(): Promise<boolean> {
    const late = new AbortController()
    const over = sleep(WITHIN, false, { signal: late.signal }).catch(() => false)
    const entered = await Promise.race([this.#entered.promise.then(() => true), over])
    late.abort()
    return entered
  }

  close(): void {
    this.#lines.close()
    process.stdin.unref?.()
  }
}

function describe(
  id: string,
  { grantee, actions, bucket, prefixes, networks, until, reason, tenant }: EscortRecord,
  watches: boolean,
  byHand: boolean,
): string {
  const through = byHand
    ? 'Press Enter to let through what is shown; after 15 seconds without it the access ends for good.'
    : 'What is shown here is let through.'
  return [
    `  access   ${id}: ${printable(grantee)}, for ${printable(reason)}`,
    `  may      ${actions.join(', ')} in ${bucket} of ${tenant}: ${prefixes.map(printable).join(', ')}`,
    `  from     ${networks.join(', ')}`,
    `  until    ${new Date(until).toISOString()}`,
    watches ? through : 'You are not its escort: you look on, and nothing waits for you.',
    'Type e and Enter to end it at once.',
  ].join('\n')
}

function inWords(one: ScreenLine): string {
  const time = new Date(one.at).toISOString().slice(11, 19)
  switch (one.kind) {
    case 'request':
      return `${time}  ${one.operation}  ${one.bucket}/${printable(one.key)}  from ${one.address}`
    case 'refused':
      return `${time}  REFUSED ${one.operation}  ${one.bucket}/${printable(one.key)}  from ${one.address}: ${printable(one.why)}`
    case 'answered':
      return `${time}    answered ${one.status || 'by a broken connection'}: ${one.sent} bytes out, ${one.received} in`
    case 'ended':
      return `${time}  ended`
  }
}
