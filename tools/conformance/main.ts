import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { listedDeviations } from './deviations.ts'
import { passing, type Results, tellDeviations } from './results.ts'
import { meaningful, tellAreas } from './s3-tests/areas.ts'
import { s3TestsSuite } from './s3-tests/suite.ts'
import { versitygwSuite } from './versitygw-suite.ts'

/**
 * `npm run conformance`: versitygw's own suite, or with `--s3-tests PATH` Ceph's at a checkout, directly against
 * versitygw and through Treuhand before it, in one run. Fails where a test that passes directly does not pass
 * through, unless docs/deviations.md lists it.
 *
 * `--backend directory` puts the embedded store behind Treuhand instead, and only tells the figures. `--each` runs
 * every test of versitygw's suite in a process of its own; `--test NAME` only these; `--only EXPRESSION` those of
 * s3-tests that pytest's `-k` selects; `--out FILE` writes the verdicts.
 */
const { values } = parseArgs({
  options: {
    's3-tests': { type: 'string' },
    backend: { type: 'string', default: 'versitygw' },
    each: { type: 'boolean', default: false },
    test: { type: 'string', multiple: true },
    only: { type: 'string' },
    out: { type: 'string' },
  },
})
const { backend, each, test: tests, only, 's3-tests': checkout, out } = values

const run =
  checkout === undefined
    ? await versitygwSuite({ backend, each, tests })
    : await s3TestsSuite({ backend, checkout, only })
const { direct, through } = run

if (out !== undefined)
  await writeFile(out, JSON.stringify({ direct: sorted(direct), through: sorted(through) }, undefined, 1))
if (checkout !== undefined) tellAreas(run)
if (direct !== undefined) {
  const compared = checkout === undefined ? direct : meaningful(direct)
  const asListed = tellDeviations(compared, through, await listedDeviations())
  if (!asListed && backend === 'versitygw') process.exitCode = 1
  const names = passing(direct)
  const also = names.filter(name => through.get(name)?.verdict === 'PASS').length
  console.log(`${names.length} pass directly, ${also} of these through Treuhand`)
}
console.log(`${passing(through).length} of ${through.size} pass through Treuhand before ${backend}`)

function sorted(results: Results | undefined): object {
  return Object.fromEntries([...(results ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
}
