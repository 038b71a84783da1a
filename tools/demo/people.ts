import { proposalId } from '../../src/custody/approvals/document.ts'
import { canonical, type Json } from '../../src/custody/canonical.ts'
import { generateHpkeKey, type HpkeKeyPair } from '../../src/custody/hpke.ts'
import { openShare, type Purpose, submitShare } from '../../src/custody/quorum/submission.ts'
import { SshSigner } from '../../test/custody/approvals/ssh-signer.ts'
import { call } from '../../test/custody/server/officers-client.ts'

/** Milliseconds that a decision counts: longer than any act waits. */
const TWO_DAYS = 48 * 3_600_000

/** Somebody who decides with an SSH key, and holds a share that is sealed to another key. */
export interface Person {
  readonly name: string
  readonly party: 'trustee' | 'customer'
  readonly ssh: Pick<SshSigner, 'line' | 'fingerprint' | 'sign' | 'decide'>
  readonly hpke: HpkeKeyPair
}

export async function person(name: string, party: Person['party']): Promise<Person> {
  return { name, party, ssh: new SshSigner(), hpke: await generateHpkeKey() }
}

type Answer = { status: number; json: Record<string, unknown> }
type Dealt = readonly { readonly holder: string; readonly sealed: string }[]

/** What people do at an officers' listener, each step as their own program would. */
export class Officers {
  /** Changes when the custodian starts again. */
  port: number
  readonly #origin: string
  #dealt: Dealt = []

  constructor(port: number, origin: string) {
    this.port = port
    this.#origin = origin
  }

  async status(): Promise<string> {
    return String((await this.#ok(call(this.port, 'GET', '/v1/status')))['state'])
  }

  /** Deals a root: `needed` holders of each party, all parties. */
  async ceremony(people: readonly Person[], needed: Record<Person['party'], number>): Promise<void> {
    const parties = (['trustee', 'customer'] as const).map(party => ({
      name: party,
      needed: needed[party],
      holders: people
        .filter(one => one.party === party)
        .map(({ name, hpke }) => ({ name, publicKey: hpke.publicKey.toString('base64url') })),
    }))
    const approvers = Object.fromEntries(
      people.map(({ name, party, ssh }) => {
        const role = party === 'trustee' ? 'officer' : 'delegate'
        return [ssh.fingerprint, { role, party, person: name, key: { kind: 'ssh', line: ssh.line } }]
      }),
    )
    const plan = { origin: this.#origin, needed: parties.length, parties }
    this.#dealt = (await this.#ok(call(this.port, 'POST', '/v1/ceremony', { plan, approvers })))[
      'dealt'
    ] as Dealt
  }

  /** A share as its holder was handed it, as the command for it reads it. */
  async shareFile({ name, party }: Person): Promise<string> {
    const desk = (await this.#ok(call(this.port, 'GET', '/v1/desk'))) as Record<string, string>
    const { sealed } = this.#dealt.find(({ holder }) => holder === name)!
    return JSON.stringify({ set: desk['set'], origin: desk['origin'], party, holder: name, sealed })
  }

  async share(purpose: Purpose, { name, party, hpke }: Person): Promise<Answer> {
    const desk = (await this.#ok(call(this.port, 'GET', '/v1/desk'))) as Record<string, string>
    const [origin, set] = [desk['origin']!, desk['set']!]
    const sealed = Buffer.from(this.#dealt.find(({ holder }) => holder === name)!.sealed, 'base64url')
    const envelope = await openShare(sealed, hpke.privateKey, { origin, set, party, holder: name })
    const at = { origin, set, publicKey: Buffer.from(desk['publicKey']!, 'base64url') }
    const submission = (await submitShare(envelope, purpose, at)).toString('base64url')
    return await call(this.port, 'POST', '/v1/shares', { purpose, submission })
  }

  async propose(act: string, tenant: string, params: object, by: Person): Promise<string> {
    const document = await this.#draft(act, tenant, params, by)
    await this.#ok(call(this.port, 'POST', '/v1/proposals', { document, signature: by.ssh.sign(document) }))
    return document
  }

  async approve(document: string, by: Person): Promise<Answer> {
    const [text, signature] = this.#sign(document, by)
    return await call(this.port, 'POST', '/v1/decisions', { text, signature })
  }

  /**
   * Proposes, has it approved and carried out.
   *
   * @returns the proposal's id
   */
  async pass(
    act: string,
    tenant: string,
    params: object,
    by: Person,
    approvers: readonly Person[],
  ): Promise<string> {
    const document = await this.propose(act, tenant, params, by)
    for (const one of approvers) await this.#ok(this.approve(document, one))
    const id = proposalId(document)
    const { body } = await this.#ok(this.execute(id, by))
    const { state, outcome } = body as { state: string; outcome: string }
    if (state !== 'done') throw new Error(`${act} is ${state}: ${outcome}`)
    return id
  }

  async execute(id: string, by: Person): Promise<Answer> {
    const word = this.signed('execute', { proposal: id }, by)
    return await call(this.port, 'POST', `/v1/proposals/${id}/execute`, {}, word)
  }

  /** A proposal as it stands. */
  async look(id: string, by: Person): Promise<Answer> {
    return await call(this.port, 'GET', `/v1/proposals/${id}`, undefined, this.signed('look', {}, by))
  }

  /** One person revokes. */
  async alone(act: string, tenant: string, params: object, by: Person): Promise<void> {
    const document = await this.#draft(act, tenant, params, by)
    const [text, signature] = this.#sign(document, by)
    await this.#ok(call(this.port, 'POST', '/v1/alone', { document, text, signature }))
  }

  /** One person seals or kills. */
  async close(act: 'seal' | 'kill', by: Person): Promise<void> {
    const document = await this.#draft(act, '*', {}, by)
    const [text, signature] = this.#sign(document, by)
    await this.#ok(call(this.port, 'POST', '/v1/close', { document, text, signature }))
  }

  /** What an officer may ask for at his own word: a ticket, a token. */
  async ask(act: string, params: Json, by: Person): Promise<Record<string, string>> {
    const signed = this.signed(act, params, by)
    return (await this.#ok(call(this.port, 'POST', '/v1/requests', signed))) as Record<string, string>
  }

  /** A request at one person's word. */
  signed(act: string, params: Json, by: Person): { document: string; signature: string } {
    const about = { label: 'treuhand/request/v1', origin: this.#origin, act, params, by: by.ssh.fingerprint }
    const document = canonical({ ...about, at: Date.now(), nonce: crypto.randomUUID() })
    return { document, signature: by.ssh.sign(document) }
  }

  async rotateKek(tenant: string, token: string): Promise<Record<string, unknown>> {
    return await this.#ok(call(this.port, 'POST', '/v1/rotations/kek', { tenant }, token))
  }

  async #draft(act: string, tenant: string, params: object, by: Person): Promise<string> {
    const wish = { act, tenant, params, reason: 'the demonstration', proposer: by.ssh.fingerprint }
    return String((await this.#ok(call(this.port, 'POST', '/v1/drafts', wish)))['document'])
  }

  #sign(document: string, by: Person): [string, string] {
    return by.ssh.decide(proposalId(document), { origin: this.#origin, expires: Date.now() + TWO_DAYS })
  }

  async #ok(asked: Promise<Answer>): Promise<Record<string, unknown>> {
    const { status, json } = await asked
    if (status >= 300) throw new Error(`the custodian refused with ${status}: ${JSON.stringify(json)}`)
    return json
  }
}
