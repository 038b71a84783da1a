import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { printable } from '../../custody/printable.ts'
import { ask, bearer, type Signer } from './custodian.ts'
import { EscortScreen } from './escort-screen.ts'
import type { ProposalProps } from './proposal.ts'
import { signRequest } from './signer.ts'

/** An escorted access, as the custodian lists it. */
export interface ListedEscort {
  readonly id: string
  readonly state: 'open' | 'ended'
  readonly tenant: string
  readonly bucket: string
  readonly prefixes: readonly string[]
  readonly actions: readonly string[]
  readonly networks: readonly string[]
  readonly until: number
  readonly grantee: string
  readonly reason: string
  readonly escort: string
  readonly ended: { readonly why: string; readonly at: number } | null
}

/** Milliseconds for which one that has ended is still shown, so that nobody wonders where it went. */
const SHOWN_AFTER = 10 * 60_000

interface EscortsProps extends Pick<ProposalProps, 'run'> {
  readonly origin: string
  readonly signer: Signer
  readonly escorts: readonly ListedEscort[]
}

const WHY: Readonly<Record<string, string>> = {
  over: 'Its time is over.',
  ended: 'An officer or delegate ended it.',
  unacknowledged: 'It ended since its escort did not see a request within 15 seconds.',
}

/** Who is let in now, a screen on what they do, and the button that ends it. */
export function Escorts({ origin, signer, escorts, run }: EscortsProps): VNode {
  const shown = escorts.filter(
    ({ state, ended, until }) => state === 'open' || Date.now() - (ended?.at ?? until) < SHOWN_AFTER,
  )
  return html`
    <h2>Let in under escort</h2>
    ${shown.length === 0 && html`<p>Nobody.</p>`}
    ${shown.map(escort => html`<${EscortCard} key=${escort.id} ...${{ origin, signer, escort, run }} />`)}
  `
}

interface CardProps extends Omit<EscortsProps, 'escorts'> {
  readonly escort: ListedEscort
}

function EscortCard({ origin, signer, escort, run }: CardProps): VNode {
  const [screen, setScreen] = useState<string>()
  const { id, state, tenant, bucket, prefixes, actions, networks, until, grantee, reason } = escort
  const mine = escort.escort === signer.fingerprint
  const watch = () =>
    run(async () => {
      const word = await signRequest(origin, signer, 'watch-escort', { escort: id })
      const opened = await ask<{ screen: string }>('POST', `/v1/escorts/${id}/watch`, word)
      setScreen(opened.screen)
      return mine
        ? 'You sit at the screen. Keep this page in view: what it cannot show is not let through.'
        : ''
    })
  const end = () =>
    run(async () => {
      if (screen) await ask('POST', `/v1/escorts/${id}/end`, {}, bearer(screen))
      else
        await ask(
          'POST',
          `/v1/escorts/${id}/end`,
          await signRequest(origin, signer, 'end-escort', { escort: id }),
        )
      return `${id} has ended.`
    })
  return html`
    <article class="card">
      <dl>
        <dt>who</dt><dd><strong>${printable(grantee)}</strong></dd>
        <dt>may</dt><dd>${actions.join(', ')} in ${bucket} of ${tenant}: ${prefixes.map(printable).join(', ')}</dd>
        <dt>from</dt><dd>${networks.join(', ')}</dd>
        <dt>until</dt><dd>${new Date(until).toLocaleString()}</dd>
        <dt>reason</dt><dd>${printable(reason)}</dd>
        <dt>escort</dt><dd>${mine ? 'you' : escort.escort}</dd>
      </dl>
      ${state === 'ended' && html`<p class="care">${WHY[escort.ended?.why ?? 'over']}</p>`}
      ${state === 'open' && html`<button onClick=${end}>End it now</button>`}
      ${state === 'open' && !screen && html`<button onClick=${watch}>${mine ? 'Sit down at the screen' : 'Look on'}</button>`}
      ${screen && html`<${EscortScreen} id=${id} secret=${screen} left=${() => setScreen(undefined)} />`}
      <div class="digest">${id}</div>
    </article>
  `
}
