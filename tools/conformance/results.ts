export type Verdict = 'PASS' | 'FAIL' | 'SKIP' | 'NONE'
export interface Result {
  readonly verdict: Verdict
  readonly reason: string
}

/** One run of a suite: by test, what came out and why. */
export type Results = ReadonlyMap<string, Result>

/** A suite in one run: directly, if there is such a way, and through Treuhand. */
export interface Run {
  readonly direct?: Results
  readonly through: Results
}

export const passing = (results: Results): string[] =>
  [...results].filter(([, { verdict }]) => verdict === 'PASS').map(([name]) => name)

/**
 * Tells what passes directly and not through, and what is listed and passes after all.
 * @returns whether every deviation is listed
 */
export function tellDeviations(direct: Results, through: Results, listed: ReadonlySet<string>): boolean {
  const deviating = passing(direct).filter(name => through.get(name)?.verdict !== 'PASS')
  for (const name of deviating)
    console.log(
      `${listed.has(name) ? 'listed  ' : 'UNLISTED'} ${name}: ${through.get(name)?.reason ?? 'not run'}`,
    )
  for (const name of listed)
    if (through.get(name)?.verdict === 'PASS') console.log(`passes, and need not be listed any more: ${name}`)
  return deviating.every(name => listed.has(name))
}
