import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EMPTY_SHA256, Signer } from '../src/store/s3/signature.ts'
import { CASES, type Case } from './cases.ts'
import { measure, median, medianRatio, type Sample } from './measure.ts'
import { type Memory, measureMemory } from './memory.ts'
import { originAt } from './origin.ts'
import { usageOf } from './processes.ts'
import { type CaseResult, report } from './report.ts'
import { GROUPS, type Group, startGroup } from './subjects/groups.ts'
import { startStore } from './subjects/store.ts'
import type { Subject } from './subjects/subject.ts'
import { startTreuhand } from './subjects/treuhand.ts'

/** `npm run bench`: measures everything in one run and writes docs/benchmarks.md, unless only a part was asked for. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true, default: [] },
  },
})
const rounds = Number(values.rounds)
const whole = values.only === undefined
const cases = CASES.filter(({ title }) => values.only?.some(part => title.includes(part)) ?? true)

const store = await startStore()
const results: CaseResult[] = []
const memory = new Map<string, Memory & { after: number }>()
try {
  // The first start after a change compiles, which all others are spared (docs/operations.md, "Memory").
  await (await startTreuhand(store, { name: 'treuhand', aead: 'evp' })).stop()
  for (const name of GROUPS) {
    const its = cases.filter(({ among }) => among === name)
    if (its.length === 0) continue
    const group = await startGroup(name, store, values.peer)
    try {
      await measureGroup(group, its, name === 'plain' && whole)
    } finally {
      await group.stop()
    }
  }
  if (whole) {
    const text = report({ rounds, cases: results, memory, peers: values.peer.length > 0 })
    await writeFile(join(import.meta.dirname, '..', 'docs', 'benchmarks.md'), text)
  }
} finally {
  await store.stop()
}

async function measureGroup(group: Group, its: readonly Case[], withMemory: boolean): Promise<void> {
  for (const subject of group.subjects) await makeBucket(subject)
  const proxies = withMemory ? group.subjects.slice(1).filter(({ peer }) => !peer) : []
  for (const subject of proxies) memory.set(subject.name, { ...(await measureMemory(subject)), after: 0 })
  for (const one of its) {
    // Peers take longest, and are held against what is promised beside them.
    const among = group.subjects.filter(({ peer }) => !peer || one.promise !== undefined)
    const samples = await measure(one, among, rounds)
    const control = one.control ?? group.control
    results.push({ one, samples, control })
    tell(one, samples, control)
  }
  for (const { name, pid } of proxies)
    memory.set(name, { ...memory.get(name)!, after: usageOf(pid).resident })
}

function tell(one: Case, samples: ReadonlyMap<string, readonly Sample[]>, control: string): void {
  const base = samples.get(control)!
  for (const [name, own] of samples) {
    if (own.length === 0) continue
    const of = (pick: (sample: Sample) => number) => medianRatio(own.map(pick), base.map(pick)).toFixed(2)
    const cpu = median(own.map(sample => sample.cpu)).toFixed(2)
    console.log(
      `${one.title}: ${name}: ${cpu} per ${one.per}, ${of(s => s.cpu)} × ${control}, ` +
        `rate ${of(s => s.rate)} ×, first byte ${of(s => s.median)} ×, cores busy ${median(own.map(s => s.busy)).toFixed(2)}, ${median(own.map(s => s.rate)).toFixed(1)}/s`,
    )
  }
}

async function makeBucket({ endpoint, credential, bucket }: Subject): Promise<void> {
  const origin = originAt(endpoint)
  const { headers } = new Signer(credential, 'us-east-1').sign(
    {
      method: 'PUT',
      path: `/${bucket}`,
      query: '',
      host: origin.host,
      headers: [],
      payload: EMPTY_SHA256,
    },
    new Date(),
  )
  const { status } = await origin.request({ method: 'PUT', target: `/${bucket}`, fields: headers })
  // The groups share some.
  if (status !== 200 && status !== 409) throw new Error(`the bucket was answered with ${status}`)
  origin.close()
}
