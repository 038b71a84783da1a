import { html } from 'htm/preact'
import type { VNode } from 'preact'
import type { Status } from './custodian.ts'

const SAYS: Record<
  Status['state'],
  { readonly tone: string; readonly means: string; readonly cure: string }
> = {
  uninitialised: {
    tone: 'care',
    means: 'There is no root yet.',
    cure: 'Hold the ceremony: treuhand custodian ceremony.',
  },
  sealed: {
    tone: 'care',
    means: 'It knows no key. Proxies serve until their leases end, then answer 503.',
    cure: 'Holders bring their shares within ten minutes of each other: treuhand custodian share unseal.',
  },
  unsealed: { tone: 'good', means: 'Proxies get their leases.', cure: '' },
  killed: {
    tone: 'bad',
    means: 'Somebody pulled the kill switch. Nothing was destroyed.',
    cure: 'Find out why. Then shares, and a proposal to lift it.',
  },
  forked: {
    tone: 'bad',
    means: 'The witness knows another history of the log.',
    cure: 'Change nothing. Compare both heads; look for a restored backup or a second custodian.',
  },
  restored: {
    tone: 'bad',
    means: 'It came back from a backup that is older than the log.',
    cure: 'Replay the mirror, or propose to accept the loss.',
  },
}

/** The first thing that a person sees: what state the custodian is in, what that means, what to do. */
export function StateBanner({ status }: { status: Status }): VNode {
  const { tone, means, cure } = SAYS[status.state]
  const { witness, log } = status
  return html`
    <section class="state ${tone}" aria-live="polite">
      <strong>${status.state}</strong>
      <div>${means} ${cure}</div>
    </section>
    ${status.stops.map(({ kind, scope, reason }) => html`<p class="bad">${kind}: ${scope} (${reason})</p>`)}
    <dl>
      <dt>log</dt>
      <dd>${log ? `${log.size} entries, root ${log.root}` : 'cannot be read while the custodian is sealed'}</dd>
      ${witness && html`<dt>witness</dt><dd class=${witness.state === 'witnessed' ? '' : 'care'}>${witnessSays(witness)}</dd>`}
    </dl>
  `
}

function witnessSays({ state, skew }: NonNullable<Status['witness']>): string {
  if (state === 'unwitnessed') return 'none: nobody else would notice another history'
  if (state === 'silent')
    return 'silent: leases go on for a day, nothing is executed. Look at it, and at the network'
  const apart = Math.abs(skew) > 60_000 ? `; clocks are ${Math.round(skew / 1000)} s apart: set ours` : ''
  return `${state}${apart}`
}
