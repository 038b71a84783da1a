import { cpus, totalmem } from 'node:os'
import type { Case } from './cases.ts'
import { median, medianRatio, type Sample } from './measure.ts'
import type { Memory } from './memory.ts'

export interface Results {
  readonly subjects: readonly string[]
  readonly rounds: number
  readonly cases: readonly { readonly one: Case; readonly samples: ReadonlyMap<string, readonly Sample[]> }[]
  readonly memory: ReadonlyMap<string, Memory>
}

/** docs/benchmarks.md, whole. */
export const report = (results: Results): string => `# Benchmarks

<!-- Written by \`npm run bench\`. -->

What Treuhand costs beside the store without it and beside nginx passing the same bytes through, in one run on
one machine: ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.
The store is versitygw over a folder in memory; all connections are plain HTTP on the loopback interface unless a
row says otherwise. Signatures are verified on the way in and made on the way out, every segment is verified before
it is released.

Subjects take turns, ${results.rounds} rounds after one that warms up. CPU is that of the subject's whole process
tree, the store's own not counted for those in front of it. A multiple is the median of the ratios inside each
round: absolute figures move with the machine, these hardly do.

${results.cases.map(section).join('\n')}
## Memory

Resident memory of the process tree. "Before" is after all that stands above: a process that has served for minutes, not a
new one. The kernel's own buffers do not count.

| | before, MiB | 20 × 256 MiB at once, peak MiB | each of 200 slow GETs, KiB | each of 200 slow PUTs, KiB |
| --- | --- | --- | --- | --- |
${[...results.memory].map(([name, m]) => `| ${name} | ${mib(m.before)} | ${mib(m.peak)} | ${kib(m.slowGet)} | ${kib(m.slowPut)} |`).join('\n')}

## Run it yourself

    npm run bench
    npm run bench -- --rounds 9 --only "GET 64 MiB"
    npm run bench -- --peer NAME=COMMAND

A peer's command serves S3 on 127.0.0.1 at \`$PORT\`, in front of \`$STORE_ENDPOINT\`, with the key pair
\`$STORE_ACCESS_KEY\` and \`$STORE_SECRET_KEY\` on both sides.
`

function section({ one, samples }: Results['cases'][number]): string {
  const control = samples.get('nginx')!
  const promise =
    one.must === undefined ? '' : `\nPromised: at most ${one.must} × nginx; aimed at: ${one.aim} ×.\n`
  return `## ${one.title}
${promise}
| | CPU ${one.per === 'gigabyte' ? 's/GB' : 'µs/request'} | × nginx | requests/s | × nginx | first byte, ms: median | p99 |
| --- | --- | --- | --- | --- | --- | --- |
${[...samples].map(([name, own]) => row(name, own, control)).join('\n')}
`
}

function row(name: string, own: readonly Sample[], control: readonly Sample[]): string {
  const of = (pick: (sample: Sample) => number) => median(own.map(pick))
  const ratio = (pick: (sample: Sample) => number) => medianRatio(own.map(pick), control.map(pick)).toFixed(2)
  const cpu = (s: Sample) => s.cpu
  const rate = (s: Sample) => s.rate
  return `| ${name} | ${short(of(cpu))} | ${ratio(cpu)} | ${short(of(rate))} | ${ratio(rate)} | ${of(s => s.median).toFixed(1)} | ${of(s => s.p99).toFixed(1)} |`
}

const short = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
const kib = (bytes: number): string => (bytes / 1_024).toFixed(0)
