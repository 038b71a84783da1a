import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Who may do what at the front door. Nothing is allowed that no grant allows, whatever the store would say. */

/** Where access keys come from. They come and go at run time, so it is asked for each request. */
export interface AccessKeys {
  /**
   * @param scope of the signature that is to be verified
   * @returns undefined for an id that does not exist or whose time is over
   * @throws S3Error where more can be said than that
   */
  find(id: string, scope: KeyScope): KnownKey | undefined | Promise<KnownKey | undefined>
}

/** For when and where a signing key is good. */
export interface KeyScope {
  /** `20260131`. */
  readonly day: string
  readonly region: string
}

/** In whose name a request acts: an access key's holder, or, where configured, anybody. */
export interface Identity {
  readonly tenant: string
  readonly grants: readonly Grant[]
  /** The store credential used for its requests; absent: the store's own. */
  readonly storeCredential?: string
  /** Who watches what this sender does; absent: nobody. */
  readonly escort?: Escort
}

export interface AccessKey extends Identity {
  readonly id: string
  readonly secret: string
}

/** A temporary one, whose secret is elsewhere: here is what SigV4 derived from it for one day and region. */
export interface EscortedAccessKey extends Identity {
  readonly id: string
  readonly signingKey: Uint8Array
  readonly escort: Escort
}
export type KnownKey = AccessKey | EscortedAccessKey

/** Watches a sender, request for request. */
export interface Escort {
  /**
   * Resolves when a request may be served.
   * @throws S3Error AccessDenied with the reason, EscortUnavailable
   */
  admit(request: EscortedIntent): Promise<Escorted>
}

/** What somebody wants to do under an escort. */
export interface EscortedIntent {
  /** By its name in S3. */
  readonly operation: string
  /** `beyond`: more than one object that the request's address names, which nobody can watch. */
  readonly action: Intent['action'] | 'beyond'
  readonly bucket: string
  readonly key: string
  readonly address: string
}

/** A request that was let through. */
export interface Escorted {
  /** Fires when the access ends: not a byte more is served. */
  readonly ended: AbortSignal
  /** Tells how it was answered; never rejects. */
  answered(answer: {
    readonly status: number
    readonly received: number
    readonly sent: number
  }): Promise<void>
}

/** Allows what all of its fields allow. */
export interface Grant {
  /** Names; `*` stands for all, and at a name's end for any ending. */
  readonly buckets: readonly string[]
  /** Object keys that begin with one of these; absent: all. */
  readonly prefixes?: readonly string[]
  readonly actions: readonly Action[]
  /** CIDR blocks that the peer's address must be in; absent: all. */
  readonly networks?: readonly string[]
  readonly expires?: Date
}

/** `configure` reads and writes settings of buckets, such as versioning; `manage` creates and deletes buckets. */
export type Action = 'read' | 'write' | 'delete' | 'list' | 'configure' | 'manage'

/** What a request wants to do. */
export interface Intent {
  /** `any`: it needs no more than some grant on the bucket, as HEAD of a bucket does. */
  readonly action: Action | 'any'
  readonly bucket: string
  /** The object's key, or the prefix that a listing asks for; absent where the bucket as a whole is meant. */
  readonly key?: string
}

/** @param peer the address that the request came from */
export const isAllowed = (identity: Identity, intent: Intent, peer: string, now: Date): boolean =>
  identity.grants.some(grant => allows(grant, intent, peer, now))

function allows(grant: Grant, { action, bucket, key }: Intent, peer: string, now: Date): boolean {
  if (grant.expires && now >= grant.expires) return false
  if (!grant.buckets.some(pattern => matches(pattern, bucket))) return false
  if (grant.networks && !networkOf(grant.networks).includes(peer)) return false
  if (action === 'any') return true
  if (!grant.actions.includes(action)) return false
  // A grant on some keys is none on the bucket.
  return (
    grant.prefixes === undefined ||
    (key !== undefined && grant.prefixes.some(prefix => key.startsWith(prefix)))
  )
}

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern

/** Blocks are parsed once a list; lists live as long as their grants. */
const networks = new WeakMap<readonly string[], Network>()

function networkOf(blocks: readonly string[]): Network {
  const known = networks.get(blocks)
  if (known) return known
  const network = new Network(blocks)
  networks.set(blocks, network)
  return network
}

class Network {
  readonly #list = new BlockList()

  /** A block that is none includes nothing. */
  constructor(blocks: readonly string[]) {
    for (const block of blocks) {
      const [address = '', bits] = block.split('/')
      const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
      const prefix = bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits)
      if (family && Number.isInteger(prefix) && prefix >= 0 && prefix <= (family === 'ipv4' ? 32 : 128))
        this.#list.addSubnet(address, prefix, family)
    }
  }

  includes(peer: string): boolean {
    const address = peer.replace(/^::ffff:(?=\d+\.)/i, '')
    if (isIPv4(address)) return this.#list.check(address, 'ipv4')
    return isIPv6(address) && this.#list.check(address, 'ipv6')
  }
}
