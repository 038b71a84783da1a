import { cpus, totalmem } from 'node:os'
import type { Case, Promised } from './cases.ts'
import { median, medianRatio, type Sample } from './measure.ts'
import type { Memory } from './memory.ts'

export interface CaseResult {
  readonly one: Case
  /** By subject; none for a peer that failed. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>
  readonly control: string
}

export interface Results {
  readonly rounds: number
  readonly cases: readonly CaseResult[]
  readonly memory: ReadonlyMap<string, Memory & { readonly after: number }>
  readonly peers: boolean
}

/** docs/benchmarks.md, whole. */
export const report = (results: Results): string => `# Benchmarks

<!-- Written by \`npm run bench\`. -->

What Treuhand costs beside the store without it and beside nginx passing the same bytes through, in one run on
one machine: ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.
The store is versitygw over a folder in memory; all connections are plain HTTP on the loopback interface unless a
title says otherwise. Signatures are verified on the way in and made on the way out, every segment is verified before
it is released. [Performance](performance.md) has the profile behind these figures, and what was tried.

Subjects take turns, ${results.rounds} rounds after one that warms up. CPU is that of the subject's whole process
tree, the store's own not counted for those in front of it. A multiple is the median of the ratios inside each
round: absolute figures move with the machine, these hardly do. The load, the store and what is measured share the
cores, so requests a second say little of what one of them could do alone: where one worker already has the cores
busy for most of the time, a second one can win no more than the rest. Requests are signed once and sent many times.
${results.peers ? PEERS : ''}
${results.cases.map(section).join('\n')}
## Memory

Resident memory of the process tree, from a new process (not the first since the code changed, see operations.md) to
one that has served all that stands above. The kernel's own buffers do not count.

Promised: at most 120 MiB at the peak, 288 KiB a GET, 224 KiB a PUT; aimed at: 90 MiB, 160 KiB, 128 KiB.

| | new, MiB | 20 × 256 MiB at once, peak MiB | each of 200 slow GETs, KiB | each of 200 slow PUTs, KiB | at the end, MiB |
| --- | --- | --- | --- | --- | --- |
${[...results.memory].map(([name, m]) => `| ${name} | ${mib(m.idle)} | ${mib(m.peak)} | ${kib(m.slowGet)} | ${kib(m.slowPut)} | ${mib(m.after)} |`).join('\n')}

## Run it yourself

    npm run bench
    npm run bench -- --rounds 9 --only "GET 64 MiB"
    npm run bench -- --peer NAME=COMMAND

A peer's command serves S3 on 127.0.0.1 at \`$PORT\`, in front of \`$STORE_ENDPOINT\`, with the key pair
\`$STORE_ACCESS_KEY\` and \`$STORE_SECRET_KEY\` on both sides.
`

function section({ one, samples, control: name }: CaseResult): string {
  const control = samples.get(name)!
  return `## ${one.title}
${one.promise === undefined ? '' : promised(one.promise, name)}
| | CPU ${one.per === 'gigabyte' ? 's/GB' : 'µs/request'} | × ${name} | requests/s | × ${name} | first byte, ms: median | × ${name} | p99 | cores busy |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${[...samples].map(([name, own]) => row(name, own, control)).join('\n')}
`
}

function promised({ of, must, aim }: Promised, control: string): string {
  const what = { cpu: 'CPU', rate: 'requests/s', 'first byte': 'first byte' }[of]
  return `
Promised: ${what} at ${of === 'rate' ? 'least' : 'most'} ${must} × ${control}; aimed at: ${aim} ×.
`
}

function row(name: string, own: readonly Sample[], control: readonly Sample[]): string {
  if (own.length === 0) return `| ${name} | fails | | | | | | | |`
  const of = (pick: (sample: Sample) => number) => median(own.map(pick))
  const ratio = (pick: (sample: Sample) => number) => medianRatio(own.map(pick), control.map(pick)).toFixed(2)
  const cpu = (s: Sample) => s.cpu
  const rate = (s: Sample) => s.rate
  const first = (s: Sample) => s.median
  return `| ${name} | ${short(of(cpu))} | ${ratio(cpu)} | ${short(of(rate))} | ${ratio(rate)} | ${of(first).toFixed(1)} | ${ratio(first)} | ${of(s => s.p99).toFixed(1)} | ${(100 * of(s => s.busy)).toFixed(0)} % |`
}

const PEERS = `
Peers run in the same rounds, each with the key pair of the store on both sides. \`gateway\` is cloud37's
s3-encryption-gateway, built from its repository; \`rclone\` is \`rclone serve s3\` over its \`crypt\`.
`

const short = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
const kib = (bytes: number): string => (bytes / 1_024).toFixed(0)
