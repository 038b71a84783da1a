import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../tools/server.ts'
import type { Subject } from './subject.ts'

/**
 * Another proxy, by a command of the caller's: it is told the store by STORE_ENDPOINT, STORE_ACCESS_KEY and
 * STORE_SECRET_KEY, serves S3 on 127.0.0.1 at PORT, and takes the store's own key pair from its clients.
 */
export async function startPeer(store: Subject, name: string, command: string): Promise<Subject> {
  const port = await freePort()
  const child = spawn('sh', ['-c', `exec ${command}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      STORE_ENDPOINT: store.endpoint,
      STORE_ACCESS_KEY: store.credential.accessKeyId,
      STORE_SECRET_KEY: store.credential.secretAccessKey,
    },
  })
  const endpoint = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
    const up = await fetch(endpoint, { signal: AbortSignal.timeout(1_000) }).then(
      answer => answer.arrayBuffer().then(() => true),
      () => false,
    )
    if (up) break
    await sleep(100)
  }
  return {
    name,
    bucket: `peer-${name.toLowerCase()}`,
    endpoint,
    credential: store.credential,
    pid: child.pid!,
    peer: true,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}
