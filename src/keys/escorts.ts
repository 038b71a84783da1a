/**
 * Escorted accesses as the data plane sees them: temporary access keys of the custodian's, each of whose requests a
 * person watches. Nothing about them is kept here beyond what verifies a signature: the custodian is asked for each
 * request, so where it cannot be, nothing is served.
 */
export interface Escorts {
  /**
   * By what requests of an escorted access key are verified.
   *
   * @param day `20260131`
   * @returns undefined where the custodian knows no such key for this proxy
   * @throws NoLease `refused` where the access has ended, with the reason in words
   */
  find(id: string, day: string, region: string): Promise<EscortedKey | undefined>
  /**
   * Resolves once the request is in the custodian's log and on the escort's screen.
   *
   * @returns an id, under which its answer is told
   * @throws NoLease `refused`, with the reason in words
   */
  admit(request: EscortedRequest): Promise<string>
  /** Tells how a request was answered. @throws NoLease */
  answered(answer: EscortedAnswer): Promise<void>
  /** Hears of accesses that ended: what is served under them is cut. `all` where the custodian is silent. */
  onEnded(listener: (ids: 'all' | readonly string[]) => void): void
}

/** Whether an access key's id has the form of the custodian's own: no proxy's has a 0. */
export const isEscorted = (id: string): boolean => /^TH0[A-Z2-7]{17}$/.test(id)

export interface EscortedKey {
  readonly tenant: string
  readonly bucket: string
  readonly prefixes: readonly string[]
  readonly actions: readonly ('read' | 'write' | 'delete' | 'list')[]
  readonly networks: readonly string[]
  /** Milliseconds since 1970. */
  readonly until: number
  /** 32 bytes, SigV4's of the day and region that were asked for. */
  readonly signingKey: Uint8Array
}

export interface EscortedRequest {
  /** Access key. */
  readonly escort: string
  /** By its name in S3. */
  readonly operation: string
  /** `any` takes no more than some grant on the bucket; `beyond` is what no escorted access allows. */
  readonly action: string
  readonly bucket: string
  /** The object's key, or the beginning that a listing asks for. */
  readonly key: string
  /** The client's. */
  readonly address: string
}

export interface EscortedAnswer {
  readonly escort: string
  readonly request: string
  /** HTTP; 0 where it broke off. */
  readonly status: number
  /** Bytes of the bodies. */
  readonly received: number
  readonly sent: number
}
