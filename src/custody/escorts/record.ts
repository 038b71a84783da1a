/** What an escorted access may be for, in the words of grants; it never changes a bucket or its settings. */
export const ESCORT_ACTIONS = ['read', 'write', 'delete', 'list'] as const
export type EscortAction = (typeof ESCORT_ACTIONS)[number]

/** Minutes that an escorted access lasts, at most. */
export const LONGEST = 8 * 60

/** How an escorted access ended: by its time, by a person, or since its escort did not look. */
export type EscortEnd = 'over' | 'ended' | 'unacknowledged'

/** A temporary access that a person watches, as people decided it. Its id is its access key's. */
export type EscortRecord = {
  readonly tenant: string
  readonly bucket: string
  /** Beginnings of object names. */
  readonly prefixes: readonly string[]
  readonly actions: readonly EscortAction[]
  /** From which alone its key counts. */
  readonly networks: readonly string[]
  /** Milliseconds since 1970. */
  readonly until: number
  readonly reason: string
  /** Who is let in, as the people concerned know them. */
  readonly grantee: string
  /** X25519 in base64url: to it the secret is sealed, and it leaves in no other form. */
  readonly recipient: string
  /** Fingerprint of the officer or delegate who watches: another person. */
  readonly escort: string
  readonly proposal: string
  readonly state: 'open' | 'ended'
  readonly ended: { readonly why: EscortEnd; readonly by: string | null; readonly at: number } | null
}

/** What whoever was let in hears, and what they can do about it. */
export function endSentence(why: EscortEnd): string {
  const said = {
    over: 'The time of this escorted access is over.',
    ended: 'An officer or delegate ended this escorted access.',
    unacknowledged: 'This escorted access ended, as its escort did not see a request within 15 seconds.',
  }[why]
  return `${said} Ask the officers for a new one.`
}
