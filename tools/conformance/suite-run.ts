import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { AccessKey } from '../versitygw.ts'
import type { Result, Results, Verdict } from './results.ts'

export interface SingleTests {
  readonly names: readonly string[]
  /** Removes what a test left behind that ended early: every process names its buckets alike. */
  cleanUp(): Promise<void>
}

const LIMIT = 20 * 60_000

/**
 * Runs versitygw's suite against an endpoint. It calls its own binary from its own folder for the admin API,
 * so it runs there; and Go's AWS client fails where AWS_CA_BUNDLE is set.
 * @param tests the whole suite at once where left out; else each of these in a process of its own, since the
 *   suite panics on answers that it does not expect
 */
export async function runSuite(
  program: string,
  endpoint: string,
  root: AccessKey,
  tests?: SingleTests,
): Promise<Results> {
  const results = new Map<string, Result>()
  if (tests === undefined) {
    await run(program, endpoint, root, ['full-flow', '--versioning-enabled', '-p'], results)
    return results
  }
  for (const test of tests.names) {
    await run(program, endpoint, root, [test], results)
    if (!results.has(test)) results.set(test, { verdict: 'NONE', reason: 'it ended without a verdict' })
    await tests.cleanUp()
  }
  return results
}

async function run(
  program: string,
  endpoint: string,
  { access, secret }: AccessKey,
  what: readonly string[],
  results: Map<string, Result>,
): Promise<void> {
  const { AWS_CA_BUNDLE: _, ...env } = process.env
  const child = spawn(program, ['test', '-a', access, '-s', secret, '-e', endpoint, ...what], {
    cwd: dirname(program),
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: LIMIT,
  })
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    const [, verdict, name, reason] = VERDICT.exec(line.replaceAll(COLOUR, '')) ?? []
    if (name !== undefined) results.set(name, { verdict: verdict as Verdict, reason: reason ?? '' })
  }
  await ended
}

const VERDICT = /^(PASS|FAIL|SKIP)\s+(\w+)(?::\s*(.*))?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the suite colours its verdicts
const COLOUR = /\x1b\[[0-9;]*m/g
