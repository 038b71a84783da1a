import { pino } from 'pino'

/** Events by name, with fields. Names and fields are stable: people build alarms on them (docs/operations.md). */
export interface Log {
  debug(event: string, fields?: Fields): void
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
}

/** Plain values only, so that no object brings a secret along. */
type Fields = Readonly<Record<string, string | number | boolean | undefined>>

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Writes events to standard error: a JSON document a line, or, on a terminal, for a person to read. */
export function openLog(level: LogLevel): Log {
  const out = process.stderr.isTTY
    ? { write: (line: string) => process.stderr.write(forPeople(line)) }
    : pino.destination(2)
  const log = pino(
    { level, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } },
    out,
  )
  return {
    debug: (event, fields) => log.debug(fields ?? {}, event),
    info: (event, fields) => log.info(fields ?? {}, event),
    warn: (event, fields) => log.warn(fields ?? {}, event),
    error: (event, fields) => log.error(fields ?? {}, event),
  }
}

function forPeople(line: string): string {
  const { level, time, pid: _, event, ...fields } = JSON.parse(line)
  const named = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  return `${String(time).slice(11, 19)} ${pino.levels.labels[level]} ${event}${named.join('')}\n`
}
