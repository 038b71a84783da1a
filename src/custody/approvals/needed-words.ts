import type { Needed } from './policy.ts'

/** Whom an act takes, in words: `2 officers and 1 delegate, then 24 h of waiting`. */
export function neededWords({ officers, delegates, wait, alone }: Needed): string {
  return `${alone ? 'one person' : personsWords({ officers, delegates })}${wait > 0 ? `, then ${wait / 3_600_000} h of waiting` : ''}`
}

export function personsWords({ officers, delegates }: Pick<Needed, 'officers' | 'delegates'>): string {
  const some = (count: number, word: string) =>
    count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`]
  return [...some(officers, 'officer'), ...some(delegates, 'delegate')].join(' and ') || 'nobody'
}
