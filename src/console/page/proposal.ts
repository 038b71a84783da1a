import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { approvalText, type Decision } from '../../custody/approvals/approval.ts'
import { printable } from '../../custody/printable.ts'
import { ask, bearer, type KeptProposal, Refusal, signedBy } from './custodian.ts'
import { newNonce } from './encoding.ts'
import { signText } from './passkey.ts'
import { type Person, signRequest } from './signer.ts'

/** What the page shows of a proposal, read from the very bytes that are signed. */
interface Shown {
  readonly origin: string
  readonly act: string
  readonly tenant: string
  readonly params: unknown
  readonly reason: string
  readonly proposer: string
  readonly expires: number
  readonly needed: {
    readonly officers: number
    readonly delegates: number
    readonly wait: number
    readonly alone: boolean
  }
}

export interface ProposalProps {
  readonly proposal: KeptProposal
  readonly person: Person
  /** Runs what a person asked for, and shows how it ended. */
  readonly run: (act: () => Promise<string>) => Promise<void>
}

/** A proposal that waits for somebody: its details, who has decided, and what the reader may do about it. */
export function Proposal({ proposal, person, run }: ProposalProps): VNode {
  const { id, body } = proposal
  const [sure, setSure] = useState(false)
  const decide = (decision: Decision) => () => run(async () => await signDecision(decision, id, person))
  const execute = () =>
    run(async () => {
      const { origin } = JSON.parse(proposal.body.document) as Shown
      const word = await signRequest(origin, person.signer, 'execute', { proposal: id })
      const { body } = await ask<KeptProposal>('POST', `/v1/proposals/${id}/execute`, {}, signedBy(word))
      return `The proposal is ${body.state}: ${body.outcome}.`
    })
  return html`
    <article class="card">
      <${Details} document=${body.document} />
      <p>${progressOf(body)}</p>
      ${
        ['open', 'waiting', 'approved'].includes(body.state) &&
        html`
          <label>
            <input type="checkbox" checked=${sure} onChange=${() => setSure(!sure)} /> I have read it.
          </label>
          <button disabled=${!sure} onClick=${decide('approve')}>Approve</button>
          <button disabled=${!sure} onClick=${decide('reject')}>Reject</button>
          ${person.signer.role === 'delegate' && html`<button disabled=${!sure} onClick=${decide('veto')}>Veto</button>`}
        `
      }
      ${body.state === 'approved' && html`<button onClick=${execute}>Carry it out</button>`}
      <div class="digest">${id}</div>
    </article>
  `
}

/** The document in words. */
export function Details({ document }: { document: string }): VNode {
  const { act, tenant, params, reason, proposer, expires, needed } = JSON.parse(document) as Shown
  const who = needed.alone ? 'one person' : `${needed.officers} officers, ${needed.delegates} delegates`
  const lines = JSON.stringify(params, null, 2).split('\n')
  return html`
    <dl>
      <dt>act</dt><dd><strong>${act}</strong></dd>
      <dt>tenant</dt><dd>${tenant === '*' ? 'all' : printable(tenant)}</dd>
      <dt>parameters</dt><dd><pre>${lines.map(printable).join('\n')}</pre></dd>
      <dt>reason</dt><dd>${printable(reason)}</dd>
      <dt>proposed by</dt><dd>${proposer}</dd>
      <dt>needs</dt><dd>${who}${needed.wait > 0 ? `, then ${needed.wait / 3_600_000} h of waiting` : ''}</dd>
      <dt>expires</dt><dd>${new Date(expires).toLocaleString()}</dd>
    </dl>
  `
}

/**
 * Signs a decision on what the custodian holds now under this digest.
 *
 * @throws Refusal where it holds another document: the digest is computed here, over its bytes
 */
async function signDecision(decision: Decision, id: string, { signer, token }: Person): Promise<string> {
  const { body } = await ask<KeptProposal>('GET', `/v1/proposals/${id}`, undefined, bearer(token))
  if ((await digestOf(body.document)) !== id)
    throw new Refusal(
      'Unverified',
      'The custodian shows another proposal than the one asked for. Sign nothing.',
    )
  const { origin, expires } = JSON.parse(body.document) as Shown
  const text = approvalText({
    origin,
    decision,
    proposal: id,
    signer: signer.fingerprint,
    expires,
    nonce: newNonce(),
  })
  const kept = await ask<KeptProposal>('POST', '/v1/decisions', {
    text,
    signature: await signText(text, signer),
  })
  return `Signed. The proposal is ${kept.body.state}.`
}

/** SHA-256 of the document's UTF-8, hex: the proposal's name. */
export async function digestOf(document: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(document))
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
}

function progressOf({ state, decisions, readyAt, outcome }: KeptProposal['body']): string {
  const approved = decisions.filter(({ text }) => text.split('\n')[2] === 'approve').map(({ role }) => role)
  const by = approved.length > 0 ? ` Approved by: ${approved.join(', ')}.` : ''
  if (state === 'waiting')
    return `Waiting until ${new Date(readyAt).toLocaleString()}, by the witness's clock.${by}`
  return `It is ${state}${outcome ? `: ${outcome}` : ''}.${by}`
}
