import { type Certificate, makeCertificate } from './certificate.ts'
import { startNginx } from './nginx.ts'
import { startPeer } from './peer.ts'
import type { Subject } from './subject.ts'
import { startTreuhand } from './treuhand.ts'

/** What is measured together, in one set of rounds. */
export interface Group {
  /** The name of the subject that the others are multiples of. */
  readonly control: string
  readonly subjects: readonly Subject[]
  /** Ends what was started for it, the store not. */
  stop(): Promise<void>
}

export const GROUPS = ['plain', 'tls', 'tls-both', 'workers', 'workers-directory'] as const
export type GroupName = (typeof GROUPS)[number]

/** @param peers NAME=COMMAND each */
export async function startGroup(name: GroupName, store: Subject, peers: readonly string[]): Promise<Group> {
  switch (name) {
    case 'plain':
      return await startPlain(store, peers)
    case 'workers':
      return await startWorkers(store)
    case 'workers-directory':
      return await startWorkers('directory')
    default:
      return await startTls(store, name)
  }
}

async function startPlain(store: Subject, peers: readonly string[]): Promise<Group> {
  const started = [
    await startNginx(store),
    await startTreuhand(store, { name: 'treuhand', aead: 'evp' }),
    await startTreuhand(store, { name: 'treuhand, node:crypto', aead: 'node' }),
  ]
  for (const peer of peers) {
    const [name = '', command = ''] = peer.split(/=(.*)/s)
    started.push(await startPeer(store, name, command))
  }
  return { ...group('nginx', started), subjects: [store, ...started] }
}

const startWorkers = async (store: Subject | 'directory'): Promise<Group> =>
  group('treuhand, 1 worker', [
    await startTreuhand(store, { name: 'treuhand, 1 worker', aead: 'evp' }),
    await startTreuhand(store, { name: 'treuhand, 2 workers', aead: 'evp', workers: 2 }),
  ])

/** On both sides: another nginx before the store gives it TLS, and counts as the store does. */
async function startTls(store: Subject, name: 'tls' | 'tls-both'): Promise<Group> {
  const tls = await makeCertificate()
  const front = name === 'tls' ? undefined : await startNginx(store, { tls, name: 'tls-store' })
  const behind = front ?? store
  const nginx = await startNginx(behind, { tls })
  const treuhand = await startTreuhand(behind, treuhandOptions(tls, front !== undefined))
  const { control, subjects, stop } = group('nginx', [nginx, treuhand])
  return {
    control,
    subjects,
    async stop() {
      await stop()
      await front?.stop()
      await tls.remove()
    },
  }
}

const treuhandOptions = ({ certificate, key }: Certificate, trusts: boolean) => ({
  name: 'treuhand',
  aead: 'evp' as const,
  tls: { certificate, key },
  ...(trusts && { ca: certificate }),
})

function group(control: string, subjects: readonly Subject[]): Group {
  return {
    control,
    subjects,
    async stop() {
      for (const subject of subjects) await subject.stop()
    },
  }
}
