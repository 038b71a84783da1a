/**
 * Names in S3's order, rolled up behind a delimiter. Behind a common prefix the walk seeks to the first name after
 * it: a folder of a million keys costs one seek, not a million rows.
 */

export interface Named {
  readonly key: Uint8Array
}

export type Step<R extends Named> = { readonly row: R } | { readonly prefix: Uint8Array }

export interface Walk<R extends Named> {
  /** Rows in order with `from` ≤ key < `to`, read as they are taken. */
  readonly rows: (from: Uint8Array, to: Uint8Array) => Iterator<R>
  readonly prefix: Uint8Array
  readonly delimiter: Uint8Array | undefined
  /** Names (keys and common prefixes) after this one only. */
  readonly after: Uint8Array | undefined
}

export function* walk<R extends Named>({
  rows,
  prefix,
  delimiter,
  after,
}: Walk<R>): Generator<Step<R>, void> {
  const to = successor(prefix)
  let from: Uint8Array | undefined = start(prefix, delimiter, after)
  while (from !== undefined) {
    const reading = rows(from, to)
    from = undefined
    try {
      for (let next = reading.next(); !next.done; next = reading.next()) {
        const common = commonPrefix(next.value.key, prefix, delimiter)
        if (common === undefined) {
          yield { row: next.value }
        } else {
          from = successor(common)
          yield { prefix: common }
          break
        }
      }
    } finally {
      reading.return?.()
    }
  }
}

/** Rows as they are, none rolled up. */
export function* rowSteps<R extends Named>(rows: Iterator<R>): Generator<Step<R>, void> {
  try {
    for (let next = rows.next(); !next.done; next = rows.next()) yield { row: next.value }
  } finally {
    rows.return?.()
  }
}

/** The first name that may follow `after`: where that lies in or is a common prefix, the first behind it. */
function start(
  prefix: Uint8Array,
  delimiter: Uint8Array | undefined,
  after: Uint8Array | undefined,
): Uint8Array {
  if (after === undefined || Buffer.compare(after, prefix) < 0) return prefix
  const common =
    Buffer.from(after.buffer, after.byteOffset, after.length).indexOf(prefix) === 0
      ? commonPrefix(after, prefix, delimiter)
      : undefined
  return common === undefined ? Buffer.concat([after, ZERO]) : successor(common)
}
const ZERO = Buffer.of(0)

function commonPrefix(
  key: Uint8Array,
  prefix: Uint8Array,
  delimiter: Uint8Array | undefined,
): Uint8Array | undefined {
  if (delimiter === undefined || delimiter.length === 0) return undefined
  const at = Buffer.from(key.buffer, key.byteOffset, key.length).indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.subarray(0, at + delimiter.length)
}

/** The first byte string behind all that begin with `prefix`. UTF-8 holds no byte 0xFF, so the last byte can grow. */
function successor(prefix: Uint8Array): Uint8Array {
  if (prefix.length === 0) return Buffer.of(0xff)
  const next = Buffer.from(prefix)
  next[next.length - 1]! += 1
  return next
}
