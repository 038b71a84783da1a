import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { AccessKey } from '../versitygw.ts'
import type { Result, Results, Verdict } from './results.ts'

/** Where versitygw's suite runs. */
export interface Subject {
  readonly program: string
  readonly endpoint: string
  readonly root: AccessKey
  /** Removes what a test left behind that ended early: every process names its buckets alike. */
  cleanUp(): Promise<void>
}

const LIMIT = 20 * 60_000

/**
 * Runs the whole suite at once, a hundred tests at a time. On a machine with little to spare some then miss the
 * seconds for which they lock an object, and others find what those left behind: so what did not pass is tried
 * again alone, and that verdict counts. Where a test comes to none alone, its first stands.
 */
export async function runSuite(subject: Subject): Promise<Results> {
  const results = await run(subject, ['full-flow', '--versioning-enabled', '-p'])
  for (const [name, { verdict }] of [...results])
    if (verdict === 'FAIL') {
      await subject.cleanUp()
      const alone = await runAlone(subject, name)
      if (alone !== undefined) results.set(name, alone)
    }
  return results
}

/** Runs each of these tests in a process of its own, since the suite panics on answers that it does not expect. */
export async function runSingly(subject: Subject, names: readonly string[]): Promise<Results> {
  const results = new Map<string, Result>()
  for (const name of names) {
    const alone = await runAlone(subject, name)
    results.set(name, alone ?? { verdict: 'NONE', reason: 'it ended without a verdict' })
    await subject.cleanUp()
  }
  return results
}

const runAlone = async (subject: Subject, name: string): Promise<Result | undefined> =>
  (await run(subject, [name], name)).get(name)

/**
 * It calls its own binary from its own folder for the admin API; and Go's AWS client fails where AWS_CA_BUNDLE is set.
 * @param alone the test that runs alone: it then does not know that its bucket may hold versions, fails to delete
 *   it, and says no more; it would have said before that it failed
 */
async function run(
  { program, endpoint, root: { access, secret } }: Subject,
  what: readonly string[],
  alone?: string,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>()
  const { AWS_CA_BUNDLE: _, ...env } = process.env
  const child = spawn(program, ['test', '-a', access, '-s', secret, '-e', endpoint, ...what], {
    cwd: dirname(program),
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: LIMIT,
  })
  const ended = once(child, 'exit')
  for await (const coloured of createInterface(child.stdout)) {
    const line = coloured.replaceAll(COLOUR, '')
    const [, verdict, name, reason] = VERDICT.exec(line) ?? []
    if (name !== undefined) results.set(name, { verdict: verdict as Verdict, reason: reason ?? '' })
    if (
      alone !== undefined &&
      !results.has(alone) &&
      line.startsWith(`${alone}: failed to delete the bucket`)
    )
      results.set(alone, { verdict: 'PASS', reason: 'its bucket stayed' })
  }
  await ended
  return results
}

const VERDICT = /^(PASS|FAIL|SKIP)\s+(\w+)(?::\s*(.*))?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the suite colours its verdicts
const COLOUR = /\x1b\[[0-9;]*m/g
