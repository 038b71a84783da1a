import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { Custody, type CustodyOptions } from '../custody.ts'
import type { Enrolment } from '../enrolment.ts'
import { countrySets } from '../fence.ts'
import { Leases } from '../leases.ts'
import { Revocations } from '../revocations.ts'
import type { RootProvider } from '../roots/root.ts'
import { unseal } from '../unseal.ts'
import { custodyApp, showIdentity } from './app.ts'
import { openServerIdentity, renewServerIdentity } from './identity.ts'
import { proxyRoutes } from './proxies.ts'

export interface ListenAddress {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

export interface ServeOptions extends Pick<CustodyOptions, 'origin' | 'witness' | 'secure'> {
  readonly registry: CustodyRegistry
  /** Folder of the listeners' key and certificates. */
  readonly folder: string
  /** Host names and addresses under which the custodian is reached. */
  readonly names: readonly string[]
  readonly proxies: ListenAddress
  /** Unseals unattended; absent where a quorum does. */
  readonly root?: RootProvider
  readonly logger: Logger
  readonly now?: () => number
  /** What becomes of a proxy's request: a proposal. */
  readonly onRequest: (enrolment: Enrolment) => Promise<void>
}

export interface RunningCustodian {
  readonly custody: Custody
  readonly revocations: Revocations
  /** Where proxies call. */
  readonly proxies: AddressInfo
  close(): Promise<void>
}

/** Runs a custodian over an active registry until it is closed. */
export async function serveCustodian(options: ServeOptions): Promise<RunningCustodian> {
  const { registry, folder, names, logger, now = Date.now } = options
  const onAlarm = (alarm: string, sentence: string) =>
    logger.warn({ event: 'custody.alarm', alarm }, sentence)
  const custody = await Custody.open({ ...options, now, onAlarm })
  const revocations = new Revocations(custody)
  let identity = await openServerIdentity(folder, names, now())
  const proxies = await custodyApp(identity, 'Treuhand custodian: proxies', logger)
  proxyRoutes(proxies, custody, new Leases(custody, await countrySets()), revocations, options.onRequest)

  if (options.root && custody.stops.every(({ scope }) => scope !== '*')) {
    await custody.unseal(await unseal(registry, options.root, now()), options.root.kind)
    identity = await renewServerIdentity(folder, identity, custody.opened().authority, names, now())
    showIdentity(proxies, identity)
  }
  await proxies.listen(options.proxies)
  return {
    custody,
    revocations,
    proxies: proxies.server.address() as AddressInfo,
    async close() {
      await proxies.close()
      custody.close()
      await registry.close()
    },
  }
}
