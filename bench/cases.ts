import type { Job, Request } from './job.ts'
import type { GroupName } from './subjects/groups.ts'

/** What is measured of a subject that runs a case. */
export interface Case {
  readonly title: string
  /** Whom it compares. */
  readonly among: GroupName
  /** What is compared: CPU for each gigabyte, or for each request. */
  readonly per: 'gigabyte' | 'request'
  /** Requests that lay out what the measured ones need. */
  readonly prepare?: Load
  readonly measure: Load
  /** What the others are multiples of, where that is not the group's own. */
  readonly control?: string
  readonly promise?: Promised
}
/** What docs/benchmarks.md promises of the proxy, as a multiple of the control. */
export interface Promised {
  readonly of: 'cpu' | 'rate' | 'first byte'
  /** At most; of a rate, at least. */
  readonly must: number
  readonly aim: number
}
export type Load = Omit<Job, 'endpoint' | 'credential' | 'bucket'>

const MIB = 2 ** 20

const load = (
  request: Partial<Request> & Pick<Request, 'verb' | 'key'>,
  count: number,
  { connections = 4, keys = 4 } = {},
): Load => ({ request: { size: 0, ...request }, count, connections, keys })

const large = load({ verb: 'PUT', key: 'large-#', size: 64 * MIB }, 4)
const small = load({ verb: 'PUT', key: 'small-#', size: 4_096 }, 16, { connections: 8, keys: 16 })

const PLAIN: readonly Omit<Case, 'among'>[] = [
  {
    title: 'GET 64 MiB',
    per: 'gigabyte',
    prepare: large,
    measure: load({ verb: 'GET', key: 'large-#' }, 12),
    promise: { of: 'cpu', must: 2.5, aim: 1.8 },
  },
  {
    title: 'PUT 64 MiB, unsigned payload',
    per: 'gigabyte',
    measure: load({ verb: 'PUT', key: 'put-#', size: 64 * MIB }, 12),
    promise: { of: 'cpu', must: 2.5, aim: 1.8 },
  },
  ...(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const).map(checksum => ({
    title: `PUT 64 MiB with ${checksum}`,
    per: 'gigabyte' as const,
    measure: load({ verb: 'PUT', key: 'put-#', size: 64 * MIB, checksum }, 8),
  })),
  {
    title: 'PUT 64 MiB in 8 parts',
    per: 'gigabyte',
    measure: load({ verb: 'PUT', key: 'parts-#', size: 64 * MIB, parts: 8 }, 8),
  },
  {
    title: 'GET ranges of 1 MiB',
    per: 'gigabyte',
    prepare: large,
    measure: load({ verb: 'GET', key: 'large-#', range: `bytes=${30 * MIB + 1}-${31 * MIB}` }, 400),
  },
  {
    title: 'GET 4 KiB',
    per: 'request',
    prepare: small,
    measure: load({ verb: 'GET', key: 'small-#' }, 6_000, { connections: 8, keys: 16 }),
    promise: { of: 'cpu', must: 8, aim: 4 },
  },
  {
    title: 'PUT 4 KiB',
    per: 'request',
    measure: load({ verb: 'PUT', key: 'small-#', size: 4_096 }, 3_000, { connections: 8, keys: 16 }),
    promise: { of: 'cpu', must: 8, aim: 4 },
  },
  {
    title: 'List 1,000 keys',
    per: 'request',
    prepare: load({ verb: 'PUT', key: 'list/#', size: 1 }, 1_000, { connections: 8, keys: 1_000 }),
    measure: load({ verb: 'GET', key: '', query: 'list-type=2&prefix=list%2F' }, 40, { connections: 1 }),
    control: 'store alone',
    promise: { of: 'first byte', must: 1.2, aim: 1.1 },
  },
]

/** What changes with the group, more than with the kind of request. */
const bodies = (among: GroupName, title: string): readonly Case[] => [
  {
    title: `GET 64 MiB, ${title}`,
    among,
    per: 'gigabyte',
    prepare: large,
    measure: load({ verb: 'GET', key: 'large-#' }, 8),
  },
  {
    title: `PUT 64 MiB, ${title}`,
    among,
    per: 'gigabyte',
    measure: load({ verb: 'PUT', key: 'put-#', size: 64 * MIB }, 4),
  },
]

const smallFromMany: Omit<Case, 'title' | 'among'> = {
  per: 'request',
  prepare: small,
  measure: load({ verb: 'GET', key: 'small-#' }, 6_000, { connections: 16, keys: 16 }),
}

const WORKERS: readonly Case[] = [
  ...bodies('workers', 'one and two workers'),
  { title: 'GET 4 KiB, one and two workers', among: 'workers', ...smallFromMany },
  // Without a third process at the cores: what two can win shows best here.
  {
    title: 'GET 4 KiB, one and two workers with the directory store',
    among: 'workers-directory',
    ...smallFromMany,
  },
]

export const CASES: readonly Case[] = [
  ...PLAIN.map(one => ({ ...one, among: 'plain' as const })),
  ...bodies('tls', 'TLS to the client'),
  ...bodies('tls-both', 'TLS on both sides'),
  ...WORKERS.map(one => ({ ...one, promise: { of: 'rate' as const, must: 1.4, aim: 1.7 } })),
]
