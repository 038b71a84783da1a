import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EMPTY_SHA256, Signer } from '../src/store/s3/signature.ts'
import { Origin } from '../src/wire/client.ts'
import { CASES } from './cases.ts'
import { measure, median, medianRatio } from './measure.ts'
import { type Memory, measureMemory } from './memory.ts'
import { report } from './report.ts'
import { startNginx } from './subjects/nginx.ts'
import { startPeer } from './subjects/peer.ts'
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
const cases = CASES.filter(({ title }) => values.only?.some(part => title.includes(part)) ?? true)

const store = await startStore()
const subjects: Subject[] = [store]
try {
  subjects.push(await startNginx(store))
  subjects.push(await startTreuhand(store, { name: 'treuhand', aead: 'evp' }))
  subjects.push(await startTreuhand(store, { name: 'treuhand, node:crypto', aead: 'node' }))
  for (const peer of values.peer) {
    const [name = '', command = ''] = peer.split(/=(.*)/s)
    subjects.push(await startPeer(store, name, command))
  }
  for (const { bucket } of subjects) await makeBucket(store, bucket)

  const results = []
  for (const one of cases) {
    const samples = await measure(one, subjects, rounds)
    results.push({ one, samples })
    const control = samples.get('nginx')!.map(sample => sample.cpu)
    for (const [name, own] of samples) {
      const cpu = own.map(sample => sample.cpu)
      console.log(
        `${one.title}: ${name}: ${median(cpu).toFixed(2)} per ${one.per}, ${medianRatio(cpu, control).toFixed(2)} × nginx`,
      )
    }
  }
  if (values.only === undefined) {
    const memory = new Map<string, Memory>()
    for (const subject of subjects.slice(1)) memory.set(subject.name, await measureMemory(subject))
    const text = report({ subjects: subjects.map(({ name }) => name), rounds, cases: results, memory })
    await writeFile(join(import.meta.dirname, '..', 'docs', 'benchmarks.md'), text)
  }
} finally {
  for (const subject of subjects.reverse()) await subject.stop()
}

async function makeBucket({ endpoint, credential }: Subject, bucket: string): Promise<void> {
  const { hostname, port } = new URL(endpoint)
  const origin = new Origin({ host: hostname, port: Number(port) })
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
  if (status !== 200) throw new Error(`the bucket was answered with ${status}`)
  origin.close()
}
