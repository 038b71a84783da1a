import type { Config } from '../config/schema.ts'
import { type Log, openLog } from './log.ts'

/** Sums by the name and labels under which Prometheus knows them. */
export type Counts = ReadonlyMap<string, number>

/**
 * What this process did, counted from the events that it logs, whatever their level. Labels are names of
 * operations, codes and events, which are few and fixed; never one of a bucket, object or access key.
 */
export class Metrics {
  #counts = new Map<string, number>()

  request(operation: string, code: string, seconds: number): void {
    this.#count(`treuhand_requests_total{operation="${operation}",code="${code}"}`, 1)
    for (const bound of BOUNDS) this.#count(`${DURATION}_bucket{le="${bound}"}`, seconds <= bound ? 1 : 0)
    this.#count(`${DURATION}_bucket{le="+Inf"}`, 1)
    this.#count(`${DURATION}_sum`, seconds)
    this.#count(`${DURATION}_count`, 1)
  }

  alarm(event: string): void {
    this.#count(`treuhand_alarms_total{event="${event}"}`, 1)
  }

  /** Adds what another process has counted. */
  add(counts: Counts): void {
    for (const [name, value] of counts) this.#count(name, value)
  }

  /** What was counted since the last time, for a process that adds it to its own. */
  take(): Counts {
    const taken = this.#counts
    this.#counts = new Map()
    return taken
  }

  /** In Prometheus's text format, version 0.0.4. */
  text(): string {
    const own = [
      `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
      `process_start_time_seconds ${(performance.timeOrigin / 1000).toFixed(3)}`,
    ]
    const counted = [...this.#counts].map(([name, value]) => `${name} ${value}`)
    return FAMILIES.map(({ name, type, help }) => {
      const lines = [...counted, ...own].filter(line => familyOf(line) === name)
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map(line => `${line}\n`).join('')}`
    }).join('')
  }

  #count(name: string, by: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }
}

const DURATION = 'treuhand_request_duration_seconds'
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

const FAMILIES = [
  {
    name: 'treuhand_requests_total',
    type: 'counter',
    help: 'Requests by operation and error code; OK where there was none.',
  },
  { name: DURATION, type: 'histogram', help: 'From the first look at a request to the end of its answer.' },
  {
    name: 'treuhand_alarms_total',
    type: 'counter',
    help: 'Events that somebody should look at, by their name in the log.',
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory of the process that answers, without its workers.',
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When that process began, in seconds since 1970.',
  },
] as const

const familyOf = (line: string): string =>
  line.slice(0, line.search(/[{ ]/)).replace(/_(bucket|sum|count)$/, '')

/** The log of a configuration, counted where somebody asked to be told. */
export function logOf({ log, metrics: told }: Config, metrics: Metrics): Log {
  const plain = openLog(log.level)
  return told ? metered(plain, metrics) : plain
}

/** The same log, whose events are counted as well. */
export function metered(log: Log, metrics: Metrics): Log {
  return {
    debug(event, fields = {}) {
      if (event === 'request')
        metrics.request(
          String(fields['operation'] ?? 'none'),
          String(fields['code'] ?? 'OK'),
          Number(fields['milliseconds']) / 1000,
        )
      log.debug(event, fields)
    },
    info: log.info,
    warn(event, fields) {
      metrics.alarm(event)
      log.warn(event, fields)
    },
    error(event, fields) {
      metrics.alarm(event)
      log.error(event, fields)
    },
  }
}
