import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Room } from '../objects/room.ts'
import { type Estimate, estimate } from '../reencryption/estimate.ts'
import type { Job, Sum } from '../reencryption/job.ts'
import { rewriteDue, settleBegun } from '../reencryption/rewrite.ts'
import { survey } from '../reencryption/survey.ts'
import { CannotStart } from './cannot-start.ts'
import { amount, bucketsOf, hex, openJob, placeOf, print, urlOf } from './key-in-use.ts'
import type { KeyUseFlags } from './key-use-flags.ts'
import { Progress } from './progress.ts'
import { openRoom } from './room.ts'
import { readSettings } from './settings.ts'

interface ReencryptFlags extends KeyUseFlags {
  readonly dryRun: boolean
  readonly yes: boolean
}

/**
 * Milliseconds that proxies are given to renew their leases: a third of a lease's time, which is 15 minutes where
 * nobody chose another. Until then they go on sealing with the key.
 */
const RENEWALS = 6 * 60_000
/** Milliseconds between two looks at what they wrote, at most. */
const LONGEST_PAUSE = 20_000
/** Seconds for a HEAD where none had to be sent. */
const LOOK = 0.005

/** `treuhand reencrypt KEY` */
export async function reencrypt(flags: ReencryptFlags, id: Uint8Array): Promise<void> {
  const { room, folder, close } = await openRoom(readSettings(flags))
  try {
    const buckets = await bucketsOf(room, flags)
    await expectRetired(room, flags, buckets, id)
    const job = await openJob(join(folder.path, `reencrypt-${hex(id)}.sqlite`))
    try {
      const ended = await work(room, flags, id, buckets, job)
      if (ended) await job.remove()
    } finally {
      await job.close()
    }
  } finally {
    await close()
  }
}

/** @throws CannotStart where the key seals new objects still, or opens none */
async function expectRetired(
  room: Room,
  { tenant, dryRun }: ReencryptFlags,
  buckets: readonly string[],
  id: Uint8Array,
): Promise<void> {
  const place = await placeOf(room, tenant, buckets, id)
  if (place === undefined)
    throw new CannotStart(
      `The custodian leases no key ${hex(id)} for ${buckets.join(', ') || 'any bucket'}. Name its bucket with --buckets; objects under a destroyed key cannot be rewritten.`,
      7,
    )
  const current = await room.keys.current(tenant, place.bucket)
  if (dryRun || Buffer.compare(current.id, id) !== 0) return
  throw new CannotStart(
    `Key ${hex(id)} still seals new objects of bucket ${place.bucket}. Give the bucket a new one first: treuhand rotate --epoch ${place.bucket} ${tenant}.`,
    7,
  )
}

/** @returns false where the job is to go on another time */
async function work(
  room: Room,
  flags: ReencryptFlags,
  id: Uint8Array,
  buckets: readonly string[],
  job: Job,
): Promise<boolean> {
  await settleBegun(room, job)
  const look = await lookThrough(room, flags, id, buckets, job)
  const first = await job.sums()
  const takes = estimate(first.due, look)
  if (!flags.json) announce(first, takes)
  if (flags.dryRun) {
    if (flags.json) print(JSON.stringify({ key: hex(id), dryRun: true, ...first, estimate: takes }))
    return first.rewritten.versions === 0 && (await job.begun()).length === 0
  }
  if (!(await goOn(flags))) return false
  const until = performance.now() + RENEWALS
  for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const { versions } = (await job.sums()).due
    const progress = new Progress('Rewriting', versions)
    await rewriteDue(room, flags.tenant, job, flags.parallel, () => progress.advance())
    progress.end()
    await lookThrough(room, flags, id, buckets, job)
    if ((await job.sums()).due.versions === 0 || performance.now() > until) break
    await sleep(pause)
  }
  await report(flags, id, job, takes)
  return true
}

/** @returns seconds for each look */
async function lookThrough(
  room: Room,
  { parallel }: ReencryptFlags,
  id: Uint8Array,
  buckets: readonly string[],
  job: Job,
): Promise<number> {
  const progress = new Progress('Looking at objects')
  const began = performance.now()
  let looked = 0
  await survey(room, buckets, id, job, parallel, versions => {
    looked += versions
    progress.advance(versions)
  })
  progress.end()
  return looked === 0 ? LOOK : (performance.now() - began) / 1_000 / looked
}

function announce(
  { due, left, rewritten }: Record<'due' | 'left' | 'rewritten', Sum>,
  takes: Estimate,
): void {
  if (rewritten.versions > 0)
    print(`An earlier run was cut off after ${amount(rewritten)}; this one goes on.`)
  print(`${amount(due)} are to be rewritten; ${amount(left)} in the key's reach cannot be.`)
  const { seconds, reads, writes, dollars } = takes
  print(
    `It takes about ${seconds} s, ${reads} reads and ${writes} writes, and reads and writes all bytes once; at Amazon S3's list prices about $${dollars.toFixed(2)}.`,
  )
}

async function goOn({ yes, json }: ReencryptFlags): Promise<boolean> {
  if (yes || json || !process.stdin.isTTY || !process.stdout.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Go on? [y/N] ')
  terminal.close()
  if (/^y(es)?$/i.test(answer.trim())) return true
  process.exitCode = 3
  return false
}

/** Says what was done and what was not; ends with 6 where something is left. */
async function report({ json }: ReencryptFlags, id: Uint8Array, job: Job, takes: Estimate): Promise<void> {
  const { due, left, rewritten } = await job.sums()
  if (due.versions + left.versions > 0) process.exitCode = 6
  const names: object[] = []
  for await (const { bucket, key, version, left: why, ...rest } of job.reach('all')) {
    if (!json) print(`${why ?? 'written meanwhile'}  ${urlOf({ bucket, key, version })}`)
    else names.push({ bucket, key, ...(version !== '' && { versionId: version }), bytes: rest.length, why })
  }
  if (json) return print(JSON.stringify({ key: hex(id), rewritten, due, left: names, estimate: takes }))
  print(`${amount(rewritten)} were rewritten; their ETag and date of change are new.`)
  if (left.versions > 0) print(`${amount(left)} stay under the key, for the reasons above.`)
  if (due.versions > 0)
    print(`Proxies still seal with the key: run this again once their leases have been renewed.`)
}
