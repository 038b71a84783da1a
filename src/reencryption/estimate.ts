import type { Sum } from './job.ts'

/** What a rewriting will take, before it begins. */
export interface Estimate {
  readonly reads: number
  readonly writes: number
  /** Read and written as many each. */
  readonly bytes: number
  readonly seconds: number
  /** At the prices below; without parts of multipart objects, and with the bytes leaving the store's cloud. */
  readonly dollars: number
}

/** Amazon S3 Standard, us-east-1, list prices of 2025: per GET, PUT and byte to the Internet. */
const PRICE = { read: 0.0004 / 1_000, write: 0.005 / 1_000, byte: 0.09 / 1e9 }
/** Of an object: itself, and its tags. */
const READS = 2
/** Beside these a write, and a delete where there are versions. */
const REQUESTS = READS + 2
/** Bytes a second that one proxy seals and opens beside its other work, at the least. */
const PACE = 100e6

/** @param look seconds that a HEAD took in the survey, with as many at a time */
export function estimate({ versions, bytes }: Sum, look: number): Estimate {
  const [reads, writes] = [versions * READS, versions]
  return {
    reads,
    writes,
    bytes,
    seconds: Math.ceil(versions * REQUESTS * look + (2 * bytes) / PACE),
    dollars: reads * PRICE.read + writes * PRICE.write + bytes * PRICE.byte,
  }
}
