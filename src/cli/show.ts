/** What a dry run finds that asks no custodian. */
export const wouldBe = (would: string) => ({ dryRun: true, would })

/** Shows what a dry run found. */
export function showWould(flags: { readonly json?: boolean }, answer: Record<string, unknown>): void {
  show(flags, answer, `${String(answer['would'])} Nothing was done.`)
}

/** Prints an answer: as JSON for scripts, or as a sentence. */
export function show(flags: { readonly json?: boolean }, value: unknown, sentence: string): void {
  process.stdout.write(flags.json ? `${JSON.stringify(value)}\n` : `${sentence}\n`)
}
