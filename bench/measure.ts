import { cpus } from 'node:os'
import type { Case } from './cases.ts'
import { runJob } from './job.ts'
import { usageOf } from './processes.ts'
import type { Subject } from './subjects/subject.ts'

/** One round of a case on one subject. */
export interface Sample {
  /** CPU seconds for each gigabyte, or CPU microseconds for each request. */
  readonly cpu: number
  /** Requests a second. */
  readonly rate: number
  /** Milliseconds to the first byte. */
  readonly median: number
  readonly p99: number
  /** Share of the time of all cores that was spent meanwhile, by whomever. */
  readonly busy: number
}

/**
 * Runs a case on all subjects in turn, round by round: what disturbs one disturbs the others of its round too.
 * The first round warms up and does not count. A peer that fails has no samples.
 */
export async function measure(
  one: Case,
  subjects: readonly Subject[],
  rounds: number,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]))
  const failed = new Set<Subject>()
  const unlessItFails = async (subject: Subject, work: () => Promise<void>) => {
    if (failed.has(subject)) return
    await work().catch((error: Error) => {
      if (!subject.peer) throw error
      console.log(`${one.title}: ${subject.name} fails: ${error.message}`)
      failed.add(subject)
      samples.set(subject.name, [])
    })
  }
  const { prepare } = one
  for (const subject of subjects)
    await unlessItFails(subject, async () => void (prepare && (await runJob({ ...subject, ...prepare }))))
  for (let round = 0; round <= rounds; round++) {
    for (const subject of rotated(subjects, round))
      await unlessItFails(subject, async () => {
        const sample = await sampleOf(one, subject)
        if (round > 0) samples.get(subject.name)!.push(sample)
      })
  }
  return samples
}

async function sampleOf(one: Case, subject: Subject): Promise<Sample> {
  const before = usageOf(subject.pid).cpu
  const coresBefore = coreTimes()
  const { requests, bytes, seconds, firstBytes } = await runJob({ ...subject, ...one.measure })
  const cpu = usageOf(subject.pid).cpu - before
  const cores = coreTimes()
  const sorted = [...firstBytes].sort((a, b) => a - b)
  return {
    cpu: one.per === 'gigabyte' ? cpu / (bytes / 1e9) : (cpu / requests) * 1e6,
    rate: requests / seconds,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    busy: 1 - (cores.idle - coresBefore.idle) / (cores.all - coresBefore.all),
  }
}

/** Milliseconds of all cores since the machine began. */
function coreTimes(): { idle: number; all: number } {
  const times = cpus().map(({ times }) => times)
  const sum = (of: (its: (typeof times)[number]) => number) =>
    times.reduce((total, its) => total + of(its), 0)
  return { idle: sum(its => its.idle), all: sum(its => its.user + its.nice + its.sys + its.idle + its.irq) }
}

/** No subject always runs first. */
const rotated = <T>(list: readonly T[], by: number): T[] => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length),
]

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of the ratios within each round: a slow minute slows both sides of it. */
export const medianRatio = (of: readonly number[], to: readonly number[]): number =>
  median(of.map((value, round) => value / to[round]!))
