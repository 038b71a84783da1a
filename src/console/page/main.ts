import { html } from 'htm/preact'
import { render, type VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask, bearer, type KeptProposal, Refusal, type Signer, type Status } from './custodian.ts'
import { Escorts, type ListedEscort } from './escorts.ts'
import { NewPasskeyForm } from './new-passkey.ts'
import { Proposal } from './proposal.ts'
import { type Person, signIn } from './signer.ts'
import { StateBanner } from './state-banner.ts'
import { WishForm } from './wish-form.ts'

const EVERY = 5000
const CLOSED = ['Sealed', 'Killed', 'Forked', 'Restored']
const UNREADABLE =
  'What waits cannot be read while the custodian is closed. Nothing of it is lost; it expires after 72 hours at most.'
const SIGNED_OUT =
  'You are signed out: your eight hours are over, or you may not decide here any more. Choose your key again.'
const ENDED = ['done', 'failed', 'rejected', 'vetoed', 'expired', 'stale']

/** What the page shows; asked for anew every five seconds, and after each thing that a person does. */
interface View {
  readonly status: Status
  /** Whether it could say who and what there is: sealed, it cannot, and that is not the same as nothing. */
  readonly readable: boolean
  readonly acts: readonly string[]
  readonly signers: readonly Signer[]
  readonly proposals: readonly KeptProposal[]
  readonly escorts: readonly ListedEscort[]
}
async function look(person: Person | undefined): Promise<View> {
  const authorization = person && bearer(person.token)
  const status = await ask<Status>('GET', '/v1/status', undefined, authorization)
  const nothing = { status, readable: false, acts: [], signers: [], proposals: [], escorts: [] }
  try {
    const known = await ask<Pick<View, 'signers' | 'acts'>>('GET', '/v1/passkeys')
    if (!person) return { ...nothing, ...known, readable: true }
    const read = async <Part>(path: string) => await ask<Part>('GET', path, undefined, authorization)
    const { proposals } = await read<Pick<View, 'proposals'>>('/v1/proposals')
    const { escorts } = await read<Pick<View, 'escorts'>>('/v1/escorts')
    return { status, readable: true, ...known, proposals, escorts }
  } catch (error) {
    // Sealed, it knows nobody. Killed, it does as soon as it has been unsealed: people lift the switch.
    if (error instanceof Refusal && CLOSED.includes(error.code)) return nothing
    throw error
  }
}

function Console(): VNode {
  const [view, setView] = useState<View>()
  const [person, setPerson] = useState<Person>()
  const [said, setSaid] = useState({ text: '', alarming: false })

  const refresh = async () => setView(await look(person))
  const run = async (act: () => Promise<string>) => {
    try {
      setSaid({ text: await act(), alarming: false })
      await refresh()
    } catch (error) {
      setSaid({ text: (error as Error).message, alarming: true })
    }
  }
  useEffect(() => {
    const again = () =>
      refresh().catch((error: Error) => {
        const over = person && error instanceof Refusal && error.code === 'Refused'
        if (over) setPerson(undefined)
        setSaid({ text: over ? SIGNED_OUT : error.message, alarming: true })
      })
    void again()
    const timer = setInterval(again, EVERY)
    return () => clearInterval(timer)
  }, [person])

  if (!view) return html`<p>${said.text || 'Asking the custodian.'}</p>`
  const waiting = view.proposals.filter(({ body }) => !ENDED.includes(body.state))
  const enter = (signer: Signer) => () =>
    run(async () => {
      setPerson({ signer, token: await signIn(view.status.origin, signer) })
      return ''
    })
  return html`
    <h1>${view.status.origin}</h1>
    <${StateBanner} status=${view.status} />
    ${said.text && html`<p role=${said.alarming ? 'alert' : 'status'}>${said.text}</p>`}
    ${!person && html`<${Signers} signers=${view.signers} enter=${enter} />`}
    ${
      person &&
      html`
        <h2>Waiting for a decision</h2>
        ${!view.readable && html`<p class="care">${UNREADABLE}</p>`}
        ${view.readable && waiting.length === 0 && html`<p>Nothing.</p>`}
        ${waiting.map(proposal => html`<${Proposal} key=${proposal.id} proposal=${proposal} person=${person} run=${run} />`)}
        ${view.readable && html`<${Escorts} origin=${view.status.origin} signer=${person.signer} escorts=${view.escorts} run=${run} />`}
        <h2>Propose, or close something</h2>
        <${WishForm} signer=${person.signer} acts=${view.acts} run=${run} />
      `
    }
    <h2>A new passkey</h2>
    <${NewPasskeyForm} run=${run} />
  `
}

interface SignersProps {
  readonly signers: readonly Signer[]
  readonly enter: (signer: Signer) => () => Promise<void>
}

function Signers({ signers, enter }: SignersProps): VNode {
  return html`
    <h2>Who are you?</h2>
    ${signers.length === 0 && html`<p>No passkey may decide here now, or the custodian is closed and cannot say. SSH keys decide by treuhand custodian.</p>`}
    ${signers.map(
      signer => html`
        <button class="digest" onClick=${enter(signer)}>${signer.role}, ${signer.party}: ${signer.fingerprint}</button>
      `,
    )}
  `
}

render(html`<${Console} />`, document.body)
