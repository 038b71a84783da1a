import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { consoleRoutes } from '../../console/routes.ts'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import type { Authority } from '../authority.ts'
import { makeBackup } from '../backup/backup.ts'
import { secureKey } from '../backup/key-record.ts'
import type { BackupTarget } from '../backup/target.ts'
import { Custody } from '../custody.ts'
import { Escorts } from '../escorts/escorts.ts'
import { countrySets } from '../fence.ts'
import { Governance } from '../governance.ts'
import { Leases } from '../leases.ts'
import type { CustodyOptions } from '../options.ts'
import { Revocations } from '../revocations.ts'
import { SealOffers, sealInForce } from '../seals/offers.ts'
import { SealDesk } from '../seals/seal-desk.ts'
import { UnattendedSeal } from '../seals/unattended-seal.ts'
import type { Unsealed } from '../unseal.ts'
import { custodyApp, showIdentity } from './app.ts'
import { backupRoutes } from './backups.ts'
import { escortCalls } from './escort-calls.ts'
import { escortRoutes } from './escorts.ts'
import { endsSoon, openServerIdentity, renewServerIdentity } from './identity.ts'
import { officerRoutes } from './officers.ts'
import { passkeyRoutes } from './passkeys.ts'
import { proxyRoutes } from './proxies.ts'
import { sealRoutes } from './seals.ts'

/** Milliseconds between looks at what waits. */
const SWEEP = 60_000
/** Milliseconds between a standby's tries to take over while the witness is away. */
const TRY_AGAIN = 5_000

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
  readonly seals?: SealOffers
  /** The root, where this was a standby that its holders unsealed. */
  readonly root?: Unsealed
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
  const seals = options.seals ?? new SealOffers([{ kind: 'quorum' }])
  const rootChanged = async () => await backUpNewRoot(custody, backup, logger)
  const desk = new SealDesk(custody, seals, rootChanged)
  const unattended = new UnattendedSeal(custody, seals)
  const governance = new Governance(custody, { quorum: () => officersNeeded(custody), seals, rootChanged })
  let identity = await openServerIdentity(folder, names, now())
  const proxies = await custodyApp(identity, 'Treuhand custodian: proxies', logger)
  const officers = await custodyApp(identity, 'Treuhand custodian: officers', logger)
  const leases = new Leases(custody, await countrySets())
  proxyRoutes(proxies, custody, leases, revocations)
  const escorts = new Escorts(custody, leases, ({ name, message }) =>
    logger.error({ event: 'custody.escort-end-not-kept', error: name }, message),
  )
  escortCalls(proxies, custody, escorts)
  escortRoutes(officers, custody, escorts)
  if (options.console) {
    consoleRoutes(officers)
    passkeyRoutes(officers, custody, options.console)
  }
  sealRoutes(officers, custody, desk, unattended)
  officerRoutes(officers, custody, governance, backup)
  backupRoutes(officers, custody, backup)

  const renew = async (authority: Authority) => {
    identity = await renewServerIdentity(folder, identity, authority, names, now())
    for (const app of [proxies, officers]) showIdentity(app, identity)
  }
  custody.onUnsealed(async ({ authority }) => {
    await renew(authority)
    await governance.proposals.sweep()
  })
  await unattended.openAtStart()
  const takingOver = options.root && takeOver(custody, options.root, logger)
  await proxies.listen(options.proxies)
  await officers.listen(options.officers)
  await takingOver
  const sweeping = setInterval(async () => {
    await sweep(custody, governance, escorts, logger)
    if (custody.state === 'unsealed' && endsSoon(identity, now())) await renew(custody.opened().authority)
  }, SWEEP).unref()
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

/**
 * Unseals a standby that became the active one. Nothing is done unattended where a stop bars it, nor with a root that
 * was changed meanwhile; while the witness is away, it goes on trying.
 */
async function takeOver(custody: Custody, root: Unsealed, logger: Logger): Promise<void> {
  const seal = await custody.registry.database
    .selectFrom('seal')
    .select(['kind', 'canary'])
    .executeTakeFirst()
  if (!seal || !Buffer.from(seal.canary).equals(root.canary))
    return logger.warn({ event: 'custodian.standby-is-sealed' }, 'The root was changed while it waited.')
  if (custody.stops.some(({ scope }) => scope === '*')) return
  try {
    await custody.unseal(root, `${seal.kind}, by a standby`)
  } catch (error) {
    logger.error(
      { event: 'custodian.cannot-take-over', error: (error as Error).name },
      (error as Error).message,
    )
    if ((error as { code?: string }).code !== 'Unreachable') return
    setTimeout(() => void takeOver(custody, root, logger), TRY_AGAIN).unref()
  }
}

/** Lets proposals and escorted accesses expire, and finishes what was cut off. */
async function sweep(
  custody: Custody,
  { proposals }: Governance,
  escorts: Escorts,
  logger: Logger,
): Promise<void> {
  if (custody.state !== 'unsealed') return
  for (const swept of [proposals, escorts])
    await swept.sweep().catch((error: Error) => {
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
