import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'deviations.md')

/** The tests that docs/deviations.md lists with a reason: rows of a table, the test's name first, in backticks. */
export async function listedDeviations(): Promise<ReadonlySet<string>> {
  const text = await readFile(FILE, 'utf8')
  return new Set([...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!))
}
