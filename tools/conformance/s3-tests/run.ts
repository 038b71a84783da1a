import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccessKey } from '../../versitygw.ts'
import type { Results, Verdict } from '../results.ts'
import { s3TestsPython } from './python.ts'

/** The users that s3-tests acts as, by the sections of its configuration file. */
export const USERS = ['main', 'alt', 'tenant', 'iam', 'iamRoot', 'iamAltRoot'] as const
export type Users = Readonly<Record<(typeof USERS)[number], AccessKey>>

export interface S3TestsRun {
  /** The checkout of s3-tests. */
  readonly checkout: string
  readonly endpoint: string
  readonly users: Users
  /** Who cleans up, and where: at the store itself if it speaks S3. */
  readonly root: AccessKey & { readonly endpoint: string }
  /** Only tests that pytest selects by this expression (`-k`). */
  readonly only: string | undefined
}

/** The files that are about S3; the others are about Ceph's IAM, STS, SNS and Select. */
const FILES = ['s3tests/functional/test_s3.py', 's3tests/functional/test_headers.py']
const SECONDS_PER_TEST = '60'
/** Seconds of the day that Ceph counts lifecycles by when it is tested. No other store has one: they wait in vain. */
const DAY = 1
const OUTCOMES = { passed: 'PASS', failed: 'FAIL', skipped: 'SKIP' } as const satisfies Record<
  string,
  Verdict
>

/**
 * Runs Ceph's s3-tests against an endpoint.
 * @throws Error with pytest's own words where it gave no verdict at all
 */
export async function runS3Tests(run: S3TestsRun): Promise<Results> {
  const python = await s3TestsPython()
  const folder = await mkdtemp(join(tmpdir(), 'treuhand-s3-tests-'))
  const files = {
    config: join(folder, 's3tests.conf'),
    root: join(folder, 'root.json'),
    verdicts: join(folder, 'verdicts.jsonl'),
  }
  await writeFile(files.config, configFile(run), { mode: 0o600 })
  await writeFile(files.root, JSON.stringify(run.root), { mode: 0o600 })
  try {
    const { AWS_CA_BUNDLE: _, ...env } = process.env
    const child = spawn(
      python,
      [
        ...[
          '-m',
          'pytest',
          '-q',
          '--no-header',
          '-p',
          'treuhand_s3_tests',
          '-p',
          'no:cacheprovider',
          '-n',
          '2',
        ],
        ...['--timeout', SECONDS_PER_TEST, ...(run.only === undefined ? [] : ['-k', run.only]), ...FILES],
      ],
      {
        cwd: run.checkout,
        env: {
          ...env,
          PYTHONPATH: import.meta.dirname,
          PYTHONDONTWRITEBYTECODE: '1',
          S3TEST_CONF: files.config,
          TREUHAND_ROOT: files.root,
          TREUHAND_VERDICTS: files.verdicts,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000)
    })
    await once(child, 'close')
    const results = readVerdicts(await readFile(files.verdicts, 'utf8').catch(() => ''))
    if (results.size === 0) throw new Error(`s3-tests gave no verdict:\n${output}`)
    return results
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A failure of the clean-up after a test outweighs the test's own verdict. */
function readVerdicts(lines: string): Results {
  const results = new Map<string, { verdict: Verdict; reason: string }>()
  for (const line of lines.split('\n').filter(Boolean)) {
    const {
      test,
      outcome,
      reason = '',
    } = JSON.parse(line) as {
      test: string
      outcome: keyof typeof OUTCOMES
      reason?: string
    }
    if (results.get(test)?.verdict !== 'FAIL') results.set(test, { verdict: OUTCOMES[outcome], reason })
  }
  return results
}

function configFile({ endpoint, users }: S3TestsRun): string {
  const { hostname, port } = new URL(endpoint)
  const user = (section: string, { access, secret }: AccessKey, more = '') =>
    `[${section}]\ndisplay_name = ${access}\nuser_id = ${access}\nemail = ${access}@example.com\naccess_key = ${access}\nsecret_key = ${secret}\n${more}`
  return [
    `[DEFAULT]\nhost = ${hostname}\nport = ${port}\nis_secure = False\nssl_verify = False\n`,
    '[fixtures]\nbucket prefix = s3t-{random}-\niam name prefix = s3-tests-\niam path prefix = /s3-tests/\n',
    user('s3 main', users.main, `api_name = us-east-1\nlc_debug_interval = ${DAY}\n`),
    user('s3 alt', users.alt),
    user('s3 tenant', users.tenant, 'tenant = testx\n'),
    user('iam', users.iam),
    user('iam root', users.iamRoot),
    user('iam alt root', users.iamAltRoot),
  ].join('\n')
}
