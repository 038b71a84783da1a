import { join } from 'node:path'
import type { Room } from '../objects/room.ts'
import type { Job, Version } from '../reencryption/job.ts'
import { survey, versionsIn } from '../reencryption/survey.ts'
import { CannotStart } from './cannot-start.ts'
import { amount, bucketsOf, hex, type KeyPlace, openJob, placeOf, print, urlOf } from './key-in-use.ts'
import type { KeyUseFlags } from './key-use-flags.ts'
import { Progress } from './progress.ts'
import { openRoom } from './room.ts'
import { readSettings } from './settings.ts'

/** `treuhand where-used KEY` */
export async function whereUsed(
  flags: KeyUseFlags & { readonly exact: boolean },
  id: Uint8Array,
): Promise<void> {
  const { room, folder, close } = await openRoom(readSettings(flags))
  try {
    const buckets = await bucketsOf(room, flags)
    const place = await placeOf(room, flags.tenant, buckets, id)
    if (!flags.exact) return await byDates(room, flags, id, buckets, place)
    const job = await openJob(join(folder.path, `where-used-${hex(id)}.sqlite`))
    try {
      await byHeads(room, flags, id, buckets, place, job)
    } finally {
      await job.remove()
    }
  } finally {
    await close()
  }
}

/** A key is of no object that is older than its month. Copies, and uploads that ended late, may be far younger. */
async function byDates(
  room: Room,
  { json }: KeyUseFlags,
  id: Uint8Array,
  buckets: readonly string[],
  place: KeyPlace | undefined,
): Promise<void> {
  if (place === undefined)
    throw new CannotStart(
      `The custodian knows no key ${hex(id)} for ${buckets.join(', ') || 'any bucket'}, so no date tells. Name its bucket with --buckets, or look with --exact.`,
      7,
    )
  const [first, end] = monthOf(place.epoch)
  const within = { versions: 0, bytes: 0 }
  const later = { versions: 0, bytes: 0 }
  for (const bucket of buckets) {
    for await (const page of versionsIn(room.store, room.buckets.toStore(bucket))) {
      for (const { modified, length } of page) {
        if (modified < first - SKEW) continue
        const sum = bucket === place.bucket && modified < end + SKEW ? within : later
        sum.versions += 1
        sum.bytes += length
      }
    }
  }
  if (json) return print(JSON.stringify({ key: hex(id), ...place, exact: false, within, later }))
  print(`Key ${hex(id)} is of bucket ${place.bucket}, epoch ${place.epoch}.`)
  print(`${amount(within)} of ${place.bucket} date from then: no more can have been sealed with it at once.`)
  print(
    `${amount(later)} in ${buckets.join(', ')} are younger, and may be copies or uploads that ended late.`,
  )
  print('--exact looks at each.')
}

/** Milliseconds by which the store's clock may differ. */
const SKEW = 3_600_000

/** The month of an epoch in UTC, in milliseconds since 1970: its first, and the first of the next. */
function monthOf(epoch: string): readonly [number, number] {
  const [year, month] = epoch.slice(0, 7).split('-').map(Number) as [number, number]
  return [Date.UTC(year, month - 1), Date.UTC(year, month)]
}

async function byHeads(
  room: Room,
  { json, parallel }: KeyUseFlags,
  id: Uint8Array,
  buckets: readonly string[],
  place: KeyPlace | undefined,
  job: Job,
): Promise<void> {
  const progress = new Progress('Looking at objects')
  await survey(room, buckets, id, job, parallel, looked => progress.advance(looked))
  progress.end()
  const objects: object[] = []
  for await (const version of job.reach('all')) {
    if (json) objects.push(shown(version))
    else print(`${urlOf(version)}  ${version.length} bytes${version.named ? '' : ', a copy'}${note(version)}`)
  }
  const { due, left } = await job.sums()
  if (json) return print(JSON.stringify({ key: hex(id), ...place, exact: true, objects }))
  const all = { versions: due.versions + left.versions, bytes: due.bytes + left.bytes }
  print(`${amount(all)} are in reach of key ${hex(id)}; ${left.versions} of them could not be rewritten now.`)
  print('A copy whose original is gone cannot be told from another object.')
}

const note = ({ left }: Version) => (left === null ? '' : `, ${left}`)

const shown = ({ bucket, key, version, length, named, left }: Version) => ({
  bucket,
  key,
  ...(version !== '' && { versionId: version }),
  bytes: length,
  copy: named === 0,
  ...(left !== null && { left }),
})
