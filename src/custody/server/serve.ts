import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { consoleRoutes } from '../../console/routes.ts'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { makeBackup } from '../backup/backup.ts'
import { secureKey } from '../backup/key-record.ts'
import type { BackupTarget } from '../backup/target.ts'
import { Custody } from '../custody.ts'
import { countrySets } from '../fence.ts'
import { Governance } from '../governance.ts'
import { Leases } from '../leases.ts'
import type { CustodyOptions } from '../options.ts'
import { Revocations } from '../revocations.ts'
import { type SealOffer, SealOffers, sealInForce } from '../seals/offers.ts'
import { SealDesk } from '../seals/seal-desk.ts'
import { custodyApp, showIdentity } from './app.ts'
import { backupRoutes } from './backups.ts'
import { openServerIdentity, renewServerIdentity } from './identity.ts'
import { officerRoutes } from './officers.ts'
import { passkeyRoutes } from './passkeys.ts'
import { proxyRoutes } from './proxies.ts'
import { sealRoutes } from './seals.ts'

/** Milliseconds between looks at what waits. */
const SWEEP = 60_000

export interface ListenAddress {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

export interface ServeOptions extends Pick<CustodyOptions, 'origin' | 'witness' | 'console'> {
  readonly registry: CustodyRegistry
  /** Folder of the listeners' key and certificates. */
  readonly folder: string
  /** Host names and addresses under which the custodian is reached. */
  readonly names: readonly string[]
  readonly proxies: ListenAddress
  readonly officers: ListenAddress
  /** The seals that are made ready: the one in use, and before a change the one to come; a quorum's by default. */
  readonly seals?: readonly SealOffer[]
  /** Where backups go; each new group key is kept there before it seals anything. */
  readonly backup?: BackupTarget
  readonly logger: Logger
  readonly now?: () => number
}

export interface RunningCustodian {
  readonly custody: Custody
  readonly revocations: Revocations
  readonly governance: Governance
  /** Where proxies call. */
  readonly proxies: AddressInfo
  /** Where officers, delegates and scripts call. */
  readonly officers: AddressInfo
  close(): Promise<void>
}

/** Runs a custodian over an active registry until it is closed. */
export async function serveCustodian(options: ServeOptions): Promise<RunningCustodian> {
  const { registry, folder, names, backup, logger, now = Date.now } = options
  const onAlarm = (alarm: string, sentence: string) =>
    logger.warn({ event: 'custody.alarm', alarm }, sentence)
  const secure: CustodyOptions['secure'] =
    backup && (async (row, log) => await secureKey(registry, backup, row, log, now()))
  const custody = await Custody.open({ ...options, now, onAlarm, ...(secure && { secure }) })
  const revocations = new Revocations(custody)
  const seals = new SealOffers(options.seals ?? [{ kind: 'quorum' }])
  const rootChanged = async () => await backUpNewRoot(custody, backup, logger)
  const desk = new SealDesk(custody, seals, rootChanged)
  const governance = new Governance(custody, { quorum: () => officersNeeded(custody), seals, rootChanged })
  const identity = await openServerIdentity(folder, names, now())
  const proxies = await custodyApp(identity, 'Treuhand custodian: proxies', logger)
  const officers = await custodyApp(identity, 'Treuhand custodian: officers', logger)
  proxyRoutes(proxies, custody, new Leases(custody, await countrySets()), revocations)
  if (options.console) {
    consoleRoutes(officers)
    passkeyRoutes(officers, custody, options.console)
  }
  sealRoutes(officers, custody, desk)
  officerRoutes(officers, custody, governance, backup)
  backupRoutes(officers, custody, backup)

  custody.onUnsealed(async ({ authority }) => {
    const renewed = await renewServerIdentity(folder, identity, authority, names, now())
    for (const app of [proxies, officers]) showIdentity(app, renewed)
    await governance.proposals.sweep()
  })
  await desk.openUnattended()
  await proxies.listen(options.proxies)
  await officers.listen(options.officers)
  const sweeping = setInterval(() => void sweep(custody, governance, logger), SWEEP).unref()
  return {
    custody,
    revocations,
    governance,
    proxies: proxies.server.address() as AddressInfo,
    officers: officers.server.address() as AddressInfo,
    async close() {
      clearInterval(sweeping)
      await Promise.all([proxies.close(), officers.close()])
      custody.close()
      await registry.close()
    },
  }
}

/** Lets proposals expire, and finishes those whose execution was cut off. */
async function sweep(custody: Custody, governance: Governance, logger: Logger): Promise<void> {
  if (custody.state !== 'unsealed') return
  await governance.proposals.sweep().catch((error: Error) => {
    logger.error({ event: 'custody.sweep-failed', error: error.name })
  })
}

/**
 * No backup of before a change of the root restores what is made after it, so one follows at once. Where it fails,
 * somebody must look: the root is changed already.
 */
async function backUpNewRoot(
  custody: Custody,
  target: BackupTarget | undefined,
  logger: Logger,
): Promise<void> {
  if (!target) return
  await makeBackup(custody, target, 'the change of the root').catch((error: Error) => {
    logger.error({ event: 'custody.backup-failed', error: error.name }, error.message)
  })
}

/** Officers whom the trustee's quorum needs; two where there is none. */
async function officersNeeded(custody: Custody): Promise<number> {
  const [trustee] = (await sealInForce(custody.registry))?.quorum?.parties ?? []
  return trustee?.needed ?? 2
}
