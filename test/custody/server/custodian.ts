import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { RelyingParty } from '../../../src/custody/approvals/passkey.ts'
import { enrol as admit, makeEnrolmentToken } from '../../../src/custody/enrolment.ts'
import type { TenantRecord } from '../../../src/custody/people.ts'
import { fileRoot } from '../../../src/custody/roots/file.ts'
import { SealOffers } from '../../../src/custody/seals/offers.ts'
import { type RunningCustodian, serveCustodian } from '../../../src/custody/server/serve.ts'
import { unseal } from '../../../src/custody/unseal.ts'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { type CustodianEvent, RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../folder.ts'

export interface TestCustodian extends RunningCustodian {
  readonly folder: string
  readonly url: string
  /** Moves the custodian's clock, in milliseconds. */
  setClock(now: number): void
}

export interface TestSettings {
  readonly folder?: string
  readonly port?: number
  readonly officersPort?: number
  readonly console?: RelyingParty
}

/** A custodian over a registry and a root file of its own folder, on a port of its own. */
export async function startCustodian(settings: TestSettings = {}): Promise<TestCustodian> {
  const folder = settings.folder ?? temporaryFolder()
  const registry = await openSqliteRegistry(`${folder}/custody.db`)
  await registry.activate()
  const root = fileRoot(`${folder}/root.key`)
  // In place of a ceremony.
  await unseal(registry, root, Date.now())
  let clock: number | undefined
  const setClock = (now: number) => {
    clock = now
  }
  const running = await serveCustodian({
    registry,
    folder,
    names: ['localhost', '127.0.0.1'],
    origin: 'custodian.test/treuhand',
    proxies: { host: '127.0.0.1', port: settings.port ?? 0 },
    seals: new SealOffers([{ kind: 'file', root }]),
    logger: pino({ level: 'silent' }),
    now: () => clock ?? Date.now(),
    officers: { host: '127.0.0.1', port: settings.officersPort ?? 0 },
    ...(settings.console && { console: settings.console }),
  })
  onTestFinished(() => running.close())
  const url = `https://localhost:${running.proxies.port}`
  return { ...running, folder, url, setClock }
}

export async function addTenant(
  { custody }: TestCustodian,
  name: string,
  settings: Partial<TenantRecord> = {},
): Promise<void> {
  const body: TenantRecord = { split: false, ttl: 900_000, perUse: [], fence: null, ...settings }
  await custody.keep('tenant', name, undefined, body, { type: 'policy', at: custody.now(), body: {} })
}

export type EnrolledProxy = RemoteCustodian & {
  readonly fingerprint: string
  readonly folder: string
  /** What its log was told. */
  readonly events: CustodianEvent[]
}

/** Enrols a proxy as its operator and the officers do, and opens its connection. */
export async function enrolProxy(
  custodian: TestCustodian,
  tenant: string,
  buckets: readonly string[],
): Promise<EnrolledProxy> {
  const folder = temporaryFolder()
  const token = await makeEnrolmentToken(custodian.custody, tenant, buckets, 'an officer')
  const pending = await enrol(custodian.url, token)
  onTestFinished(() => pending.close())
  await admit(custodian.custody, pending.request, 'a proposal')
  await pending.finish(folder)
  const events: CustodianEvent[] = []
  const proxy = await RemoteCustodian.open([custodian.url], folder, event => events.push(event))
  onTestFinished(() => proxy.close())
  return Object.assign(proxy, { fingerprint: pending.fingerprint, folder, events })
}
