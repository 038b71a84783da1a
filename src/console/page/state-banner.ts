import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { STATE_WORDS, witnessWords } from '../../custody/state-words.ts'
import type { Status } from './custodian.ts'

/** The first thing that a person sees: what state the custodian is in, what that means, what to do. */
export function StateBanner({ status }: { status: Status }): VNode {
  const { tone, means, cure } = STATE_WORDS[status.state]
  const { witness, log } = status
  return html`
    <section class="state ${tone}" aria-live="polite">
      <strong>${status.state}</strong>
      <div>${means} ${cure}</div>
    </section>
    ${status.stops.map(({ kind, scope, reason }) => html`<p class="bad">${kind}: ${scope}${reason === undefined ? '' : ` (${reason})`}</p>`)}
    <dl>
      <dt>log</dt>
      <dd>${log ? `${log.size} entries, root ${log.root}` : 'cannot be read while the custodian is sealed'}</dd>
      ${witness && html`<dt>witness</dt><dd class=${witness.state === 'witnessed' ? '' : 'care'}>${witnessWords(witness, Date.now())}</dd>`}
    </dl>
  `
}
