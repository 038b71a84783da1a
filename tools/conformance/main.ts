import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { goProgram } from '../go.ts'
import { startVersitygw, VERSITYGW, type Versitygw } from '../versitygw.ts'
import { listedDeviations } from './deviations.ts'
import { startFront } from './front.ts'
import { type Results, runSuite, type SingleTests } from './suite-run.ts'

/**
 * `npm run conformance`: versitygw's own suite, directly and through Treuhand, in one run. Fails where a test
 * that passes directly does not pass through, unless docs/deviations.md lists it.
 *
 * `--each` runs every test in a process of its own; `--test NAME` only these; `--out FILE` writes the verdicts.
 */
const { values } = parseArgs({
  options: {
    each: { type: 'boolean', default: false },
    test: { type: 'string', multiple: true },
    out: { type: 'string' },
  },
})
const program = await goProgram(VERSITYGW)

const direct = await runDirect()
const through = await runThrough(values.test ?? (values.each ? [...direct.keys()] : undefined))

const listed = await listedDeviations()
const passing = [...direct].filter(([, { verdict }]) => verdict === 'PASS').map(([name]) => name)
const deviating = passing.filter(name => through.get(name)?.verdict !== 'PASS')
for (const name of deviating)
  console.log(
    `${listed.has(name) ? 'listed  ' : 'UNLISTED'} ${name}: ${through.get(name)?.reason ?? 'not run'}`,
  )
const stale = [...listed].filter(name => through.get(name)?.verdict === 'PASS')
for (const name of stale) console.log(`passes, and need not be listed any more: ${name}`)
console.log(
  `versitygw's suite: ${passing.length} pass directly, ${passing.length - deviating.length} of them through`,
)
if (values.out !== undefined)
  await writeFile(values.out, JSON.stringify(Object.fromEntries([...through].sort()), undefined, 1))
if (deviating.some(name => !listed.has(name))) process.exitCode = 1

async function runDirect(): Promise<Results> {
  const store = await startVersitygw()
  try {
    return await runSuite(program, store.endpoint, store.root, singly(store, values.test))
  } finally {
    await store.stop()
  }
}

async function runThrough(tests: readonly string[] | undefined): Promise<Results> {
  const store = await startVersitygw()
  const front = await startFront(store)
  try {
    return await runSuite(program, front.endpoint, store.root, singly(store, tests))
  } finally {
    await front.stop()
    await store.stop()
  }
}

function singly({ folders }: Versitygw, names: readonly string[] | undefined): SingleTests | undefined {
  if (names === undefined) return undefined
  return {
    names,
    async cleanUp() {
      for (const folder of [folders.buckets, folders.versions])
        for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
    },
  }
}
