import type { CustodyState } from './custody.ts'

/** What a state of the custodian means to somebody who is woken at night, and what to do about it. */
export const STATE_WORDS: Readonly<
  Record<
    CustodyState,
    { readonly tone: 'good' | 'care' | 'bad'; readonly means: string; readonly cure: string }
  >
> = {
  uninitialised: {
    tone: 'care',
    means: 'There is no root yet.',
    cure: 'Hold the ceremony: treuhand custodian ceremony.',
  },
  sealed: {
    tone: 'care',
    means: 'It knows no key. Proxies serve until their leases end, then answer 503.',
    cure: 'Holders bring their shares within ten minutes of each other: treuhand custodian share unseal. Where the seal has no holders: treuhand custodian unseal.',
  },
  unsealed: { tone: 'good', means: 'Proxies get their leases.', cure: '' },
  killed: {
    tone: 'bad',
    means: 'Somebody pulled the kill switch. Nothing was destroyed.',
    cure: 'Find out why. Then shares, and a proposal to lift it: treuhand custodian propose lift-kill.',
  },
  forked: {
    tone: 'bad',
    means: 'The witness knows another history of the log.',
    cure: 'Change nothing. Compare both heads; look for a restored backup or a second custodian.',
  },
  restored: {
    tone: 'bad',
    means: 'It came back from a backup that is older than the log.',
    cure: 'Bring the shares. Where it then names missing entries, replay the mirror (treuhand custodian replay), or propose to accept the loss.',
  },
}

/**
 * What a witness's state means.
 *
 * @param now milliseconds since 1970, as `leasesUntil` is
 */
export function witnessWords(
  {
    state,
    skew,
    leasesUntil = 0,
  }: { readonly state: string; readonly skew: number; readonly leasesUntil?: number },
  now: number,
): string {
  if (state === 'unwitnessed') return 'none: nobody else would notice another history'
  if (state === 'silent') {
    const leases =
      leasesUntil <= now
        ? 'nothing is leased any more, and nothing is executed'
        : `leases go on until ${new Date(leasesUntil).toISOString()}, and nothing is executed`
    return `silent: ${leases}. Look at it, and at the network between`
  }
  const apart =
    Math.abs(skew) > 60_000
      ? `; the clocks are ${Math.round(Math.abs(skew) / 1000)} s apart, so nothing is executed: set ours`
      : ''
  return `${state}${apart}`
}
