import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { proposalId } from '../../src/custody/approvals/document.ts'
import { enrol } from '../../src/keys/remote/enrol.ts'
import { Officers, type Person, person } from '../../tools/demo/people.ts'
import { freePort } from '../../tools/server.ts'
import { call } from '../custody/server/officers-client.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { keygenSigner } from './keygen-signer.ts'

const ORIGIN = 'trustee.example/at-work'
/** Settings of the tenant, with the shortest lease there is. */
const SETTINGS = { split: false, ttl: 60_000, perUse: [], fence: null }

/** A proposal that its proposer made, and whom it still needs. */
interface Proposed {
  readonly document: string
  readonly id: string
}

interface Circumstances {
  readonly env?: Readonly<Record<string, string>>
  /** Settings beside those that each custodian has. */
  readonly config?: object
}

/**
 * A custodian over SQLite in a process of its own, after its ceremony, with a tenant: 2 of 3 officers, 1 of 2 delegates,
 * whose SSH keys lie in files of their names. It is stopped, killed and started as its host would.
 */
export async function custodianAtWork({ env = {}, config: more = {} }: Circumstances = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-at-work-'))
  const at = (...path: string[]) => join(folder, ...path)
  const ports = { proxies: await freePort(), officers: await freePort() }
  const officers = new Officers(ports.officers, ORIGIN)
  const arrives = async (name: string, party: Person['party']): Promise<Person> => ({
    ...(await person(name, party)),
    ssh: keygenSigner(at(name)),
  })
  const people = {
    anna: await arrives('anna', 'trustee'),
    ben: await arrives('ben', 'trustee'),
    cem: await arrives('cem', 'trustee'),
    dora: await arrives('dora', 'customer'),
    emil: await arrives('emil', 'customer'),
  }
  const { anna, ben, cem, dora } = people
  const everybody = Object.values(people)
  let program: Program
  let witness: { url: string; key: string } | undefined

  const start = async () => {
    const config = {
      origin: ORIGIN,
      data: at('data'),
      names: ['localhost'],
      proxies: { host: '127.0.0.1', port: ports.proxies },
      officers: { host: '127.0.0.1', port: ports.officers },
      registry: { kind: 'sqlite' },
      seal: { kind: 'quorum' },
      ...(witness && { witness }),
      ...more,
    }
    writeFileSync(at('custodian.json'), JSON.stringify(config))
    program = startProgram(['custodian', 'serve', '--config', at('custodian.json')], [], '', env)
    await program.said(/custodian\.serves/)
  }
  /** @returns what the last of the three was answered */
  const unseal = async () => {
    for (const one of [anna, ben]) await officers.share('unseal', one)
    return await officers.share('unseal', dora)
  }
  const approve = async ({ document }: Proposed) => {
    for (const one of [ben, cem, dora])
      expect(await officers.approve(document, one)).toMatchObject({ status: 200 })
  }
  const pass = (act: string, params: object) => officers.pass(act, 'default', params, anna, [ben, cem, dora])

  await start()
  await officers.ceremony(everybody, { trustee: 2, customer: 1 })
  for (const one of everybody) await officers.share('prove', one)
  await unseal()
  await pass('loosen', SETTINGS)
  const scope = { scope: 'operator', lifetime: 80 * 24 * 3_600_000, networks: [] }
  const token = (await officers.ask('token', scope, ben))['secret']!

  return {
    at,
    officers,
    people,
    /** How commands reach it. */
    reach: [
      ...['--custodian', `https://localhost:${ports.officers}`],
      ...['--authority', at('data', 'authority.crt')],
    ],
    /** Where proxies call. */
    url: `https://localhost:${ports.proxies}`,
    running: () => program,
    start,
    unseal,
    approve,
    pass,

    async startUnsealed(): Promise<void> {
      await start()
      expect((await unseal()).json).toMatchObject({ unsealed: true })
    },

    /** From the next start on. */
    witnessedBy(by: { url: string; key: string }): void {
      witness = by
    },

    /** A proposal that nobody has approved. */
    async propose(): Promise<Proposed> {
      const document = await officers.propose('loosen', 'default', SETTINGS, anna)
      return { document, id: proposalId(document) }
    },

    /** By a script's token, which no clock of ours dates. */
    execute: ({ id }: Pick<Proposed, 'id'>) =>
      call(ports.officers, 'POST', `/v1/proposals/${id}/execute`, {}, token),

    status: async () => (await call(ports.officers, 'GET', '/v1/status')).json,

    /**
     * Has a proxy admitted, as its operator and the officers would.
     *
     * @param into folder of its credentials
     * @returns its fingerprint
     */
    async admit(into: string): Promise<string> {
      const ticket = await officers.ask('enrolment-ticket', { tenant: 'default', buckets: ['*'] }, ben)
      const { secret, authority } = ticket as { secret: string; authority: string }
      const pending = await enrol(`https://localhost:${ports.proxies}`, { secret, authority })
      const { fingerprint, key, buckets } = pending.request
      await pass('enrol-proxy', { proxy: fingerprint, key, buckets: [...buckets] })
      expect(await pending.finish(into)).toBe(true)
      await pending.close()
      return fingerprint
    },

    /** The log's verifier key, as the customer has it from the genesis document. */
    logKey(): string {
      const database = new DatabaseSync(at('data', 'custody.db'), { readOnly: true })
      const { leaf } = database.prepare('select leaf from log_leaves where number = 0').get() as {
        leaf: Uint8Array
      }
      database.close()
      const { body } = JSON.parse(Buffer.from(leaf).toString('utf8'))
      return (JSON.parse(body.document) as { log: string }).log
    },

    async end(): Promise<void> {
      await program.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
