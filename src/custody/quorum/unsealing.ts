import { CustodyError } from '../errors.ts'
import { generateHpkeKey, type HpkeKeyPair } from '../hpke.ts'
import { judgeApart } from './apart.ts'
import type { Judgement, JudgeTask, Verdict } from './judge.ts'
import type { Quorum } from './quorum.ts'
import type { Desk, Purpose, SealedFor } from './submission.ts'

export interface UnsealingOptions {
  readonly quorum: Quorum
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Where shares are opened; a child process by default. */
  readonly judge?: (task: JudgeTask) => Promise<Judgement>
}

/** How far an unsealing is: names of holders, no more. */
export interface Progress {
  readonly needed: number
  readonly parties: readonly {
    readonly name: string
    readonly needed: number
    readonly holders: readonly string[]
  }[]
}

interface Kept {
  readonly submission: Uint8Array
  readonly party: string
  readonly holder: string
  readonly at: number
}

const FORGOTTEN_AFTER = 10 * 60_000

/**
 * Gathers shares until the root can be opened. What is kept here is sealed as it came, to a key that was
 * made at this start; it is opened only in a process apart. A bad share names its holder and costs nothing
 * that was gathered. Each share is forgotten after ten minutes.
 */
export class Unsealing {
  readonly #options: UnsealingOptions
  readonly #judge: (task: JudgeTask) => Promise<Judgement>
  readonly #key: HpkeKeyPair
  #kept: Kept[] = []
  #turn: Promise<unknown> = Promise.resolve()

  static async begin(options: UnsealingOptions): Promise<Unsealing> {
    return new Unsealing(options, await generateHpkeKey())
  }

  private constructor(options: UnsealingOptions, key: HpkeKeyPair) {
    this.#options = options
    this.#judge = options.judge ?? judgeApart
    this.#key = key
  }

  get desk(): Desk {
    const { origin, set } = this.#options.quorum
    return { origin, set, publicKey: this.#key.publicKey }
  }

  /**
   * Takes a share for unsealing.
   * @returns the root (32 bytes that the caller overwrites) once enough shares are there; the key of this
   *   desk and all shares are forgotten then
   * @throws CustodyError `BadShare`, `Malformed`, `Unverified`: nothing gathered is lost by it
   */
  async submit(submission: Uint8Array): Promise<{ progress: Progress; root?: Uint8Array }> {
    return await this.#inTurn(async () => {
      const kept = this.#fresh()
      const submissions = [...kept.map(({ submission }) => submission), submission]
      const { verdicts, root } = await this.#judge(this.#task('unseal', submissions, true))
      const { party, holder } = accept(verdicts.at(-1)!)
      const others = kept.filter(share => share.party !== party || share.holder !== holder)
      this.#kept = [...others, { submission, party, holder, at: this.#options.now() }]
      const progress = this.progress()
      if (root) this.forget()
      return root ? { progress, root } : { progress }
    })
  }

  /** Whether a holder has the share: for the ceremony. Nothing is gathered. */
  async prove(submission: Uint8Array): Promise<{ party: string; holder: string }> {
    const { verdicts } = await this.#judge(this.#task('prove', [submission], false))
    return accept(verdicts[0]!)
  }

  /** Begins anew, at a holder's word. */
  async reset(submission: Uint8Array): Promise<{ party: string; holder: string }> {
    return await this.#inTurn(async () => {
      const { verdicts } = await this.#judge(this.#task('reset', [submission], false))
      const by = accept(verdicts[0]!)
      this.#kept = []
      return by
    })
  }

  /** Whether a share that was sealed for a dry run is good. Nothing is gathered, proven or forgotten. */
  async judge(purpose: Purpose, submission: Uint8Array): Promise<{ party: string; holder: string }> {
    const { verdicts } = await this.#judge(this.#task(`try-${purpose}`, [submission], false))
    return accept(verdicts[0]!)
  }

  progress(): Progress {
    const kept = this.#fresh()
    const { needed, parties } = this.#options.quorum
    return {
      needed,
      parties: parties.map(({ name, needed }) => ({
        name,
        needed,
        holders: kept.filter(({ party }) => party === name).map(({ holder }) => holder),
      })),
    }
  }

  /** Nothing that was submitted to this desk can be opened any more. */
  forget(): void {
    this.#kept = []
    this.#key.privateKey.fill(0)
  }

  #fresh(): Kept[] {
    const oldest = this.#options.now() - FORGOTTEN_AFTER
    this.#kept = this.#kept.filter(({ at }) => at > oldest)
    return this.#kept
  }

  #task(sealedFor: SealedFor, submissions: readonly Uint8Array[], combine: boolean): JudgeTask {
    const { publicKey, privateKey } = this.#key
    return { quorum: this.#options.quorum, sealedFor, publicKey, privateKey, submissions, combine }
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act)
    this.#turn = turn.catch(() => undefined)
    return await turn
  }
}

function accept(verdict: Verdict): { party: string; holder: string } {
  if (verdict.good) return { party: verdict.party, holder: verdict.holder }
  const { code, sentence, party, holder } = verdict
  throw new CustodyError(code, sentence, { ...(party && { party }), ...(holder && { holder }) })
}
