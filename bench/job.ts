import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ChecksumAlgorithm } from '../src/objects/checksum.ts'
import type { StoreCredential } from '../src/store/s3/signature.ts'

/** One kind of request, sent over and over. */
export interface Request {
  readonly verb: 'GET' | 'PUT'
  /** `#` stands for the number of the key. */
  readonly key: string
  /** Bytes of the body of a PUT. */
  readonly size: number
  /** In how many parts it is uploaded; as one object where left out. */
  readonly parts?: number
  readonly query?: string
  readonly range?: string
  readonly checksum?: ChecksumAlgorithm
}

export interface Job {
  readonly endpoint: string
  readonly credential: StoreCredential
  readonly bucket: string
  readonly request: Request
  readonly connections: number
  readonly count: number
  /** How many different keys there are. */
  readonly keys: number
  /** Bytes a second of each stream; as fast as it goes where left out. */
  readonly rate?: number
}

export interface Outcome {
  readonly requests: number
  readonly bytes: number
  readonly seconds: number
  /** Milliseconds to the first byte of each answer. */
  readonly firstBytes: readonly number[]
}

const LIMIT = 300_000

/** Runs a job in a process of its own. @throws Error with what the process said, when it fails or takes five minutes */
export async function runJob(job: Job): Promise<Outcome> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: LIMIT,
  })
  child.stdin.end(JSON.stringify(job))
  const [said, complained, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (code !== 0) throw new Error(`the load ended with ${code}: ${complained.slice(0, 2_000)}`)
  return JSON.parse(said)
}
