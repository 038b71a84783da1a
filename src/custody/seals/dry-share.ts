import { missing, noteProof } from '../quorum/ceremony.ts'
import type { Purpose } from '../quorum/submission.ts'
import type { Progress } from '../quorum/unsealing.ts'
import type { ShareTable } from './share-tables.ts'

type Table = Pick<ShareTable, 'unsealing'> & Partial<ShareTable>
type Bearer = { readonly party: string; readonly holder: string }

/**
 * What would come of a share that was tried and is good, in a sentence or two.
 *
 * @throws CustodyError as its taking would
 */
export function wouldTake(purpose: Purpose, table: Table, by: Bearer): string {
  const good = `The share of ${by.holder} of ${by.party} is good.`
  switch (purpose) {
    case 'prove':
      return `${good} ${table.ceremony ? wouldProve(table.ceremony, by) : 'No ceremony waits for its proof.'}`
    case 'reset':
      return `${good} ${wouldForget(table.unsealing.progress())}`
    case 'unseal':
      return `${good} ${wouldGather(table, by)}`
  }
}

function wouldProve(ceremony: NonNullable<ShareTable['ceremony']>, by: Bearer): string {
  const left = missing(noteProof(ceremony, by))
  return left.length > 0
    ? `It would count as proven. Still to prove then: ${left.join(', ')}.`
    : 'With it all would have proven theirs.'
}

function wouldForget({ parties }: Progress): string {
  const gathered = parties.flatMap(({ holders }) => holders)
  return `Of shares, ${gathered.length > 0 ? `those of ${gathered.join(', ')}` : 'none, as none was gathered,'} would be forgotten.`
}

function wouldGather({ unsealing, coming }: Table, by: Bearer): string {
  const { needed, parties } = unsealing.progress()
  const then = parties.map(({ name, needed, holders }) => ({
    name,
    needed,
    holders: new Set(name === by.party ? [...holders, by.holder] : holders).size,
  }))
  const enough = then.filter(({ holders, needed }) => holders >= needed).length >= needed
  if (enough)
    return coming
      ? 'It is the last that is missing: the root would change.'
      : 'It is the last that is missing: the custodian would be unsealed.'
  const far = then.map(({ name, needed, holders }) => `${name}: ${holders} of ${needed}`)
  return `It would be taken, and forgotten in ten minutes. Then there would be ${far.join(', ')}.`
}
