import { startVersitygw } from '../../tools/versitygw.ts'
import type { Subject } from './subject.ts'

/** The control that no proxy can beat: the store itself, asked directly. */
export async function startStore(): Promise<Subject> {
  const store = await startVersitygw()
  return {
    name: 'store alone',
    bucket: 'alone',
    endpoint: store.endpoint,
    credential: { accessKeyId: store.root.access, secretAccessKey: store.root.secret },
    pid: store.pid,
    stop: () => store.stop(),
  }
}
