import { canonical, digest } from '../canonical.ts'
import { CustodyError } from '../errors.ts'

/** Acts that take more than one person, and the few that one may do alone since they only close. */
export const ACTS = [
  'enrol-proxy',
  'grant',
  'escort',
  'loosen',
  'answer-order',
  'export-keys',
  'deposit-keys',
  'destroy-keys',
  'resume',
  'change-officers',
  'change-thresholds',
  'change-seal',
  'accept-loss',
  'lift-kill',
  'tighten',
  'revoke',
  'suspend',
  'seal',
  'kill',
] as const
export type Act = (typeof ACTS)[number]

/** What an act takes. */
export type Rule = {
  /** Officers beside the proposer; `quorum`: as many as the trustee's quorum needs. */
  readonly officers: number | 'quorum'
  /** Delegates of the customer beside the proposer. */
  readonly delegates: number
  /** Hours between the last approval and the act. */
  readonly wait: number
  /** One officer or one delegate may do it, the proposer among them. */
  readonly alone: boolean
}
export type Policy = { readonly [act in Act]: Rule }

const rule = (officers: Rule['officers'], delegates: number, wait: number): Rule => ({
  officers,
  delegates,
  wait,
  alone: false,
})
const ALONE: Rule = { officers: 0, delegates: 0, wait: 0, alone: true }

export const DEFAULT_POLICY: Policy = {
  'enrol-proxy': rule(2, 1, 0),
  grant: rule(2, 1, 0),
  escort: rule(2, 1, 0),
  loosen: rule(2, 1, 0),
  'answer-order': rule(2, 1, 0),
  'export-keys': rule(2, 2, 24),
  'deposit-keys': rule(2, 2, 24),
  'destroy-keys': rule(2, 2, 24),
  resume: rule(2, 1, 0),
  'change-officers': rule('quorum', 1, 24),
  'change-thresholds': rule('quorum', 1, 24),
  'change-seal': rule('quorum', 1, 24),
  'accept-loss': rule('quorum', 1, 24),
  'lift-kill': rule('quorum', 1, 0),
  tighten: ALONE,
  revoke: ALONE,
  suspend: ALONE,
  seal: ALONE,
  kill: ALONE,
}

const MAX_WAIT = 48

/**
 * A policy may demand other numbers than the default, but never that one person may open anything.
 * @throws CustodyError `Refused`
 */
export function checkPolicy(policy: Policy): void {
  for (const act of ACTS) {
    const { officers, delegates, wait, alone } = policy[act]
    const persons = (officers === 'quorum' ? 2 : officers) + delegates
    const whole = [delegates, wait, ...(officers === 'quorum' ? [] : [officers])].every(
      n => Number.isInteger(n) && n >= 0,
    )
    if (!whole || wait > MAX_WAIT)
      throw new CustodyError('Refused', `${act}: whole numbers, and at most ${MAX_WAIT} hours`)
    if (alone && !DEFAULT_POLICY[act].alone)
      throw new CustodyError('Refused', `${act} is nothing that one person may do alone`)
    if (!alone && persons < 1)
      throw new CustodyError('Refused', `${act} takes at least one person beside the proposer`)
  }
}

/** SHA-256 of the policy in canonical form, hex: each proposal names the policy it was made under. */
export const policyDigest = (policy: Policy): string => digest(canonical(policy)).toString('hex')

/** What a proposal needs, in numbers. */
export interface Needed {
  readonly officers: number
  readonly delegates: number
  /** Milliseconds. */
  readonly wait: number
  readonly alone: boolean
}

export interface Governors {
  /** Officers that the trustee's quorum needs; 2 at least. */
  readonly quorum: number
  /** Whether the customer has delegates: with one party alone, two of its persons stand for both. */
  readonly delegates: boolean
}

export function neededFor(policy: Policy, act: Act, { quorum, delegates }: Governors): Needed {
  const rule = policy[act]
  const officers = rule.officers === 'quorum' ? Math.max(2, quorum) : rule.officers
  const wait = rule.wait * 3_600_000
  if (rule.alone) return { officers: 0, delegates: 0, wait, alone: true }
  if (delegates) return { officers, delegates: rule.delegates, wait, alone: false }
  return { officers: Math.max(2, officers), delegates: 0, wait, alone: false }
}
