import type { Admission } from '../approvals/admission.ts'
import { neededWords, personsWords } from '../approvals/needed-words.ts'

/** What dry runs of proposals and decisions say: what would be done, and who must still approve. */

/** @param by fingerprint of whoever is authenticated, or names itself as the proposer */
export async function wouldPropose(admission: Admission, document: string, by: string): Promise<string> {
  const { act, tenant, needed } = await admission.propose(Buffer.from(document), by)
  return `${act} of ${tenant} would be proposed. It takes ${neededWords(needed)}.`
}

export async function wouldDecide(admission: Admission, text: string): Promise<string> {
  const admitted = await admission.decide(text)
  const { approval, approver, proposal } = admitted
  const after = await admission.decided(admitted)
  const then = {
    open: `It would still take ${personsWords(await admission.lacking(after, proposal))}.`,
    waiting: `It would wait until ${new Date(after.readyAt).toISOString()}, and could be vetoed until then.`,
    approved: 'It could be carried out at once.',
  }[after.state as string]
  const decided = `${approver.person} would ${approval.decision} ${proposal.act} of ${proposal.tenant}.`
  return `${decided} ${then ?? `Nobody could carry it out any more: it would be ${after.state}.`}`
}

export async function wouldExecute(admission: Admission, id: string): Promise<string> {
  const { proposal, now } = await admission.execute(id)
  const by = now.body.decisions.map(({ person }) => person).join(', ')
  return `${proposal.act} of ${proposal.tenant} would be carried out, as ${by} decided. Nobody else need approve.`
}

export async function wouldActAlone(admission: Admission, document: string, text: string): Promise<string> {
  const { proposal, approver } = await admission.alone(Buffer.from(document), text)
  return `${proposal.act} of ${proposal.tenant} would be done at the word of ${approver.person}. Nobody else need approve.`
}
