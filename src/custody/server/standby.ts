import type { AddressInfo } from 'node:net'
import type { Static } from 'typebox'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { CustodyError } from '../errors.ts'
import { Limit, tooMany } from '../limits.ts'
import { Unsealing } from '../quorum/unsealing.ts'
import { wouldTake } from '../seals/dry-share.ts'
import { type SealOffers, sealInForce, sealStatus } from '../seals/offers.ts'
import type { Unsealed } from '../unseal.ts'
import { type App, custodyApp } from './app.ts'
import { wouldBe } from './dry-run.ts'
import { openServerIdentity } from './identity.ts'
import { SHARES_A_MINUTE, Share, shown } from './seals.ts'
import type { ServeOptions } from './serve.ts'

const MINUTE = 60_000

export interface Standby {
  /** Where holders bring their shares while it waits. */
  readonly officers: AddressInfo
  /** The root, where its holders brought their shares already. */
  unsealed(): Unsealed | undefined
  close(): Promise<void>
}

/**
 * A custodian that waits to become the active one. It writes nothing and leases nothing; its holders may unseal it
 * already, so that it takes over without them. Its proxies' listener opens when it is active.
 */
export async function serveStandby(
  { registry, folder, names, officers: at, logger, origin, now = Date.now }: ServeOptions,
  seals: SealOffers,
): Promise<Standby> {
  const identity = await openServerIdentity(folder, names, now())
  const app = await custodyApp(identity, 'Treuhand custodian: standby', logger)
  const waiting = new WaitingRoot(registry, seals, now)
  standbyRoutes(app, origin, waiting, now)
  await app.listen(at)
  return {
    officers: app.server.address() as AddressInfo,
    unsealed: () => waiting.unsealed,
    close: () => app.close(),
  }
}

/** The root of a standby: gathered from shares by the quorum in force, and held until it is needed. */
class WaitingRoot {
  unsealed: Unsealed | undefined
  readonly #registry: CustodyRegistry
  readonly #seals: SealOffers
  readonly #now: () => number
  #unsealing: { readonly set: string; readonly at: Unsealing } | undefined

  constructor(registry: CustodyRegistry, seals: SealOffers, now: () => number) {
    this.#registry = registry
    this.#seals = seals
    this.#now = now
  }

  /** @throws CustodyError `Conflict` where no quorum holds the root */
  async desk(): Promise<Unsealing> {
    return (await this.#open()).unsealing
  }

  async submit(submission: Uint8Array) {
    const { unsealing, quorum } = await this.#open()
    const { progress, root: secret } = await unsealing.submit(submission)
    if (!secret) return { progress, unsealed: false }
    this.#unsealing = undefined
    this.unsealed = await this.#seals.open(this.#registry, { quorum, secret }, this.#now())
    return { progress, unsealed: true }
  }

  async status() {
    const kind = (await sealInForce(this.#registry))?.kind
    return { unsealed: this.unsealed !== undefined, seal: kind === undefined ? null : sealStatus(kind) }
  }

  async #open() {
    const quorum = (await sealInForce(this.#registry))?.quorum
    if (!quorum)
      throw new CustodyError('Conflict', 'No quorum holds the root here, so there is nothing to submit.')
    // The active custodian may have changed the root meanwhile.
    if (this.#unsealing?.set !== quorum.set)
      this.#unsealing = { set: quorum.set, at: await Unsealing.begin({ quorum, now: this.#now }) }
    return { unsealing: this.#unsealing.at, quorum }
  }
}

function standbyRoutes(app: App, origin: string, waiting: WaitingRoot, now: () => number): void {
  const shares = new Limit(SHARES_A_MINUTE, MINUTE)

  app.get('/v1/status', async () => ({ origin, state: 'standby', ...(await waiting.status()) }))
  app.get('/v1/desk', async () => shown((await waiting.desk()).desk))
  app.post('/v1/shares', { schema: { body: Share } }, async request => {
    const wait = shares.take(request.raw.socket.remoteAddress ?? '', now())
    if (wait > 0) throw tooMany('shares from this address', wait)
    const { purpose, submission, dryRun } = request.body as Static<typeof Share>
    if (purpose === 'prove') throw atStandby()
    const bytes = Buffer.from(submission, 'base64url')
    const unsealing = await waiting.desk()
    if (dryRun) return wouldBe(wouldTake(purpose, { unsealing }, await unsealing.judge(purpose, bytes)))
    if (purpose === 'unseal') return await waiting.submit(bytes)
    return { by: await unsealing.reset(bytes), unsealed: false }
  })
  app.all('/v1/*', { schema: { hide: true } }, () => {
    throw atStandby()
  })
}

const atStandby = (): CustodyError =>
  new CustodyError('Standby', 'This custodian waits beside the active one. Ask that one.')
