/** The forms in which S3 writes and reads times. Whole seconds, UTC. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `20260131T235959Z`, the basic form of ISO 8601 that SigV4 signs; undefined where it is not such a time. */
export function readBasicTime(value: string): Date | undefined {
  if (!/^\d{8}T\d{6}Z$/.test(value)) return undefined
  const number = (from: number, to: number) => Number(value.slice(from, to))
  return exact(number(0, 4), number(4, 6), number(6, 8), number(9, 11), number(11, 13), number(13, 15))
}

export function basicTime(time: Date): string {
  const iso = time.toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

/** `20260131`; undefined where there is no such day. */
export function readBasicDay(value: string): Date | undefined {
  return /^\d{8}$/.test(value) ? readBasicTime(`${value}T000000Z`) : undefined
}

/**
 * An HTTP date in any of the three forms of RFC 9110 section 5.6.7, or ISO 8601, which S3 takes as well;
 * undefined where it is none: a condition on it is then ignored.
 */
export function readHttpDate(value: string): Date | undefined {
  const text = value.trim()
  const match =
    /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?:GMT|UTC|[+-]0000)$/.exec(
      text,
    ) ??
    /^[A-Z][a-z]+, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) GMT$/.exec(
      text,
    ) ??
    /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?<year>\d{4})$/.exec(
      text,
    )
  if (!match) return readIsoTime(text) ?? readBasicTime(text)
  const part = match.groups as Record<'day' | 'month' | 'year' | 'h' | 'm' | 's', string>
  const month = MONTHS.indexOf(part.month) + 1
  return exact(fullYear(part.year), month, Number(part.day), Number(part.h), Number(part.m), Number(part.s))
}

/** RFC 9110 5.6.7: two digits more than 50 years ahead mean the past. */
function fullYear(digits: string): number {
  if (digits.length === 4) return Number(digits)
  const year = 2000 + Number(digits)
  return year > new Date().getUTCFullYear() + 50 ? year - 100 : year
}

/** `2026-01-31T23:59:59.000Z`, fractions and offsets included; undefined where it is not such a time. */
export function readIsoTime(value: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(value)) return undefined
  const time = new Date(value)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** `Sat, 31 Jan 2026 23:59:59 GMT`. */
export function httpDate(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return (
    `${DAYS[time.getUTCDay()]}, ${two(time.getUTCDate())} ${MONTHS[time.getUTCMonth()]} ${String(time.getUTCFullYear()).padStart(4, '0')} ` +
    `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} GMT`
  )
}

/** `2026-01-31T23:59:59.000Z`, as S3 writes times in XML. */
export const isoTime = (time: Date): string => time.toISOString()

/** The time of these numbers; undefined where the calendar has no such one. */
function exact(year: number, month: number, day: number, h: number, m: number, s: number): Date | undefined {
  const time = new Date(Date.UTC(year, month - 1, day, h, m, s))
  const same = time.getUTCFullYear() === year && time.getUTCMonth() === month - 1 && time.getUTCDate() === day
  return same && h < 24 && m < 60 && s < 60 ? time : undefined
}
