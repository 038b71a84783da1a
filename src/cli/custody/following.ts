import { setTimeout as sleep } from 'node:timers/promises'
import type { KeptProposal } from '../../custody/approvals/ground.ts'
import { CustodyError, type CustodyErrorCode } from '../../custody/errors.ts'
import { show } from '../show.ts'
import { type AskerFlags, executingAs, lookingAs } from './asker.ts'
import { ask } from './client.ts'
import type { ReachFlags, RepeatFlags } from './reach-flags.ts'

/** Milliseconds between two looks at a proposal. */
const LOOK = 2000

/** With what a proposal ends that nobody will carry out any more. */
const ENDS: Readonly<Record<string, CustodyErrorCode>> = {
  rejected: 'Refused',
  vetoed: 'Vetoed',
  expired: 'Expired',
  stale: 'Stale',
}

/**
 * Waits until a proposal is approved and has waited, has it carried out and waits for its end. Where the time is
 * over before, it ends as `execute` would: with 5 where approvals or waiting time are missing, 6 where it is begun.
 *
 * @throws CustodyError `Refused`, `Vetoed`, `Expired`, `Stale` as soon as nobody will carry it out
 */
export async function follow(
  { idempotencyKey: _, ...flags }: ReachFlags & AskerFlags & RepeatFlags,
  id: string,
  minutes: number,
): Promise<void> {
  const lookAs = lookingAs(flags)
  const end = Date.now() + minutes * 60_000
  for (;;) {
    let kept = await look(flags, id, await lookAs())
    if (kept.body.state === 'approved')
      kept = (await ask(
        flags,
        'POST',
        `/v1/proposals/${id}/execute`,
        {},
        await executingAs(flags, id),
      )) as unknown as KeptProposal
    const { state } = kept.body
    const ended = ENDS[state]
    if (ended) throw new CustodyError(ended, `The proposal is ${state}.`)
    if (state === 'done' || state === 'failed' || Date.now() + LOOK > end) return showOutcome(flags, kept)
    await sleep(LOOK)
  }
}

/** Shows what came of a proposal, and sets the exit code that says the same. */
export function showOutcome(flags: ReachFlags, answer: object): void {
  const { state, outcome } = (answer as KeptProposal).body
  show(flags, answer, `The proposal is ${state}${outcome ? `: ${outcome}` : ''}.`)
  process.exitCode = { done: 0, failed: 1, executing: 6 }[state as string] ?? 5
}

async function look(flags: ReachFlags, id: string, as: string): Promise<KeptProposal> {
  return (await ask(flags, 'GET', `/v1/proposals/${id}`, undefined, as)) as unknown as KeptProposal
}
