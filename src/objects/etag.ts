import { storedLength } from '../seal/lengths.ts'
import type { DeleteConditions, ReadConditions, WriteConditions } from '../store/store.ts'

/**
 * The client's ETag is the store's with `-t` behind it, the same on every path and without any state. The
 * dash tells clients that it is no MD5 of their bytes, as with SSE-KMS; the `t` keeps it apart from the
 * `-N` of a store's multipart ETag, so that each form can be told from the other.
 */
const MARK = '-t'

/** A store ETag that no object has: what a condition on a foreign ETag is translated to. */
const NO_OBJECT = '00000000000000000000000000000000-foreign'

/** Both forms are without quotes. */
export const clientETag = (store: string): string => store + MARK

/** The store's ETag behind a client's; undefined where this proxy never gave it out. */
export const storeETag = (client: string): string | undefined =>
  client.endsWith(MARK) ? client.slice(0, -MARK.length) : undefined

/** Translates the ETags of a condition, `*` and comma-separated lists included. */
const translated = (condition: string): string =>
  condition
    .split(',')
    .map(one => one.trim())
    .map(one => (one === '*' ? one : (storeETag(one.replaceAll('"', '')) ?? NO_OBJECT)))
    .join(', ')

interface ETagConditions {
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
}

/** The same conditions in the store's ETags, and in the lengths that sealed objects have there. */
export function storeConditions<C extends ReadConditions | WriteConditions | DeleteConditions>(
  conditions: C,
): C {
  const { ifMatch, ifNoneMatch, ifMatchSize } = conditions as ETagConditions & DeleteConditions
  return {
    ...conditions,
    ...(ifMatch === undefined ? {} : { ifMatch: translated(ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: translated(ifNoneMatch) }),
    ...(ifMatchSize === undefined ? {} : { ifMatchSize: storedLength(ifMatchSize) }),
  }
}
