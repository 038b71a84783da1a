import { CustodyError } from '../errors.ts'
import { combineShares, type GoodShare, knowShare } from './combine.ts'
import type { Quorum } from './quorum.ts'
import { openSubmission, type SealedFor } from './submission.ts'

/** What the child is told: submissions as they came, and the key that opens them. */
export interface JudgeTask {
  readonly quorum: Quorum
  readonly sealedFor: SealedFor
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
  readonly submissions: readonly Uint8Array[]
  /** Whether to combine them when they suffice. */
  readonly combine: boolean
}

export type Verdict =
  | { readonly good: true; readonly party: string; readonly holder: string }
  | {
      readonly good: false
      readonly code: 'BadShare' | 'Malformed' | 'Unverified'
      readonly sentence: string
      readonly holder?: string
      readonly party?: string
    }

export interface Judgement {
  /** One for each submission, in order. */
  readonly verdicts: readonly Verdict[]
  readonly root?: Uint8Array
}

/** Opens and judges submissions, and combines them where they suffice. Runs in a process that ends behind it. */
export async function judge(task: JudgeTask): Promise<Judgement> {
  const good = new Map<string, GoodShare>()
  const verdicts: Verdict[] = []
  for (const submission of task.submissions) {
    const verdict = await judgeOne(submission, task, good)
    verdicts.push(verdict)
  }
  const root = task.combine ? await combineShares([...good.values()], task.quorum) : undefined
  return root ? { verdicts, root } : { verdicts }
}

async function judgeOne(
  submission: Uint8Array,
  task: JudgeTask,
  good: Map<string, GoodShare>,
): Promise<Verdict> {
  try {
    const envelope = await openSubmission(submission, task.sealedFor, task.quorum, task)
    const share = knowShare(envelope, task.quorum)
    // The same share again changes nothing: it stands under its holder's name.
    good.set(`${share.party.name}\0${share.holder.name}`, share)
    return { good: true, party: share.party.name, holder: share.holder.name }
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    const { holder, party } = error.details
    const code = error.code === 'BadShare' || error.code === 'Malformed' ? error.code : 'Unverified'
    return {
      good: false,
      code,
      sentence: error.message,
      ...(typeof holder === 'string' && { holder }),
      ...(typeof party === 'string' && { party }),
    }
  }
}
