import { setTimeout as sleep } from 'node:timers/promises'
import { runJob } from './job.ts'
import { usageOf, watchPeak } from './processes.ts'
import type { Subject } from './subjects/subject.ts'

export interface Memory {
  /** Resident bytes when it has served nothing yet. */
  readonly idle: number
  /** Resident bytes that each of 200 slow streams adds. */
  readonly slowGet: number
  readonly slowPut: number
  /** Highest resident bytes while 20 objects of 256 MiB are read at once. */
  readonly peak: number
}

const MIB = 2 ** 20
const STREAMS = 200
const RATE = 200_000

/** What streams hold in memory while nobody is in a hurry, and what a burst of large ones takes. */
export async function measureMemory(subject: Subject): Promise<Memory> {
  const idle = usageOf(subject.pid).resident
  await runJob({
    ...subject,
    request: { verb: 'PUT', key: 'slow-#', size: 4 * MIB },
    connections: 4,
    count: 8,
    keys: 8,
  })
  await runJob({
    ...subject,
    request: { verb: 'PUT', key: 'huge-#', size: 256 * MIB },
    connections: 2,
    count: 2,
    keys: 2,
  })
  const watched = watchPeak(subject.pid)
  await runJob({
    ...subject,
    request: { verb: 'GET', key: 'huge-#', size: 0 },
    connections: 20,
    count: 20,
    keys: 2,
  })
  const peak = watched.stop()
  return { idle, peak, slowGet: await growth(subject, 'GET'), slowPut: await growth(subject, 'PUT') }
}

async function growth(subject: Subject, verb: 'GET' | 'PUT'): Promise<number> {
  const before = usageOf(subject.pid).resident
  const streams = runJob({
    ...subject,
    request: { verb, key: verb === 'GET' ? 'slow-#' : 'slowly-#', size: 4 * MIB },
    connections: STREAMS,
    count: STREAMS,
    keys: verb === 'GET' ? 8 : STREAMS,
    rate: RATE,
  })
  await sleep(10_000)
  const during = usageOf(subject.pid).resident
  await streams
  return (during - before) / STREAMS
}
