import type { CustodyState } from '../../custody/custody.ts'
import { readSecretFile } from '../../custody/roots/secret-file.ts'
import { STATE_WORDS, witnessWords } from '../../custody/state-words.ts'
import { show, showWould } from '../show.ts'
import { type AskerFlags, lookingAs } from './asker.ts'
import { ask, bearer } from './client.ts'
import type { ReachFlags, RepeatFlags } from './reach-flags.ts'

interface TokenFlags extends ReachFlags {
  readonly tokenFile: string
}

/** `treuhand rotate TENANT`: gives a tenant a new KEK, or a bucket of its a new group key. No object is touched. */
export async function rotate(
  flags: TokenFlags & RepeatFlags & { readonly epoch?: string; readonly dryRun?: boolean },
  tenant: string,
): Promise<void> {
  const token = await readSecretFile(flags.tokenFile)
  const { epoch: bucket } = flags
  const { dryRun } = flags
  const about = { tenant, ...(dryRun && { dryRun }) }
  if (bucket !== undefined) {
    const answer = await ask(flags, 'POST', '/v1/rotations/epoch', { ...about, bucket }, bearer(token))
    if (dryRun) return showWould(flags, answer)
    return show(flags, answer, `New objects of ${bucket} are sealed with the key of ${answer['epoch']}.`)
  }
  const answer = await ask(flags, 'POST', '/v1/rotations/kek', about, bearer(token))
  if (dryRun) return showWould(flags, answer)
  show(flags, answer, `KEK ${answer['version']} wraps ${answer['rewrapped']} group keys of ${tenant}.`)
}

/** `treuhand epochs TENANT`: what group keys a tenant has. */
export async function epochs(flags: TokenFlags, tenant: string): Promise<void> {
  const token = await readSecretFile(flags.tokenFile)
  const answer = await ask(flags, 'GET', `/v1/epochs/${encodeURIComponent(tenant)}`, undefined, bearer(token))
  const rows = answer['epochs'] as readonly Record<string, string>[]
  const lines = rows.map(
    ({ bucket, epoch, state, id, kek }) => `${bucket}  ${epoch}  ${state}  KEK ${kek}  ${id}`,
  )
  show(flags, answer, lines.join('\n'))
}

/** `treuhand custodian status`; to whoever says who they are, also why and for whom it is stopped. */
export async function status(flags: ReachFlags & AskerFlags): Promise<void> {
  const stranger = flags.sign === undefined && flags.tokenFile === undefined
  const as = stranger ? undefined : await lookingAs(flags)()
  const answer = await ask(flags, 'GET', '/v1/status', undefined, as)
  show(flags, answer, statusInWords(answer as unknown as Status))
  if (answer['state'] !== 'unsealed') process.exitCode = 4
}

/** As much of the custodian's status as is said in words. */
interface Status {
  readonly origin: string
  readonly state: CustodyState | 'standby'
  readonly stops?: readonly { readonly kind: string; readonly scope: string; readonly reason?: string }[]
  readonly log?: { readonly size: number }
  readonly witness?: { readonly state: string; readonly skew: number; readonly leasesUntil?: number }
}

/** Of a person's words a custodian says nothing to strangers, nor while it is closed and knows nobody. */
const WITHHELD = 'why, it says with --sign KEY or --token-file FILE, once it is unsealed'

function statusInWords({ origin, state, stops = [], log, witness }: Status): string {
  const { means, cure } =
    state === 'standby'
      ? { means: 'Another custodian is active, and this one waits.', cure: '' }
      : STATE_WORDS[state]
  return [
    `${origin} is ${state}. ${means} ${cure}`.trimEnd(),
    ...stops.map(
      ({ kind, scope, reason }) => `  ${kind}: ${scope === '*' ? 'all' : scope} (${reason ?? WITHHELD})`,
    ),
    ...(log ? [`  log: ${log.size} entries`] : []),
    ...(witness ? [`  witness: ${witnessWords(witness, Date.now())}`] : []),
  ].join('\n')
}

/** `treuhand custodian enrolment FINGERPRINT`: the parameters of the proposal that admits a proxy. */
export async function enrolment(flags: ReachFlags & AskerFlags, fingerprint: string): Promise<void> {
  const as = await lookingAs(flags)()
  const { key, buckets } = await ask(flags, 'GET', `/v1/enrolments/${fingerprint}`, undefined, as)
  process.stdout.write(`${JSON.stringify({ proxy: fingerprint, key, buckets })}\n`)
}
