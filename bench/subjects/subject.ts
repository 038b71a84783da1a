import type { StoreCredential } from '../../src/store/s3/signature.ts'

/** Something that serves S3 and is measured. */
export interface Subject {
  readonly name: string
  readonly endpoint: string
  readonly credential: StoreCredential
  /** Of its own, as what one proxy sealed no other opens. */
  readonly bucket: string
  /** The root of the process tree whose CPU and memory count. */
  readonly pid: number
  /** Somebody else's: what it does not serve is said, and the run goes on. */
  readonly peer?: true
  stop(): Promise<void>
}
