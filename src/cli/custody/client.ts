import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'undici'
import { CustodyError, type CustodyErrorCode, REFUSALS } from '../../custody/errors.ts'
import { CannotStart } from '../cannot-start.ts'
import type { ReachFlags, RepeatFlags } from './reach-flags.ts'

const TIMEOUT = 60_000

/** Shows a token. */
export const bearer = (token: string): string => `Bearer ${token}`

/** Shows a request that a person signed, where the call has no room for it in its body. */
export function signedBy({
  document,
  signature,
}: Readonly<Record<'document' | 'signature', string>>): string {
  const part = (text: string) => Buffer.from(text).toString('base64url')
  return `Signed ${part(document)}.${part(signature)}`
}

/**
 * Calls the custodian.
 *
 * @param authorization of whoever asks: `bearer`, `signedBy`
 * @throws CustodyError with the custodian's own code and sentence, `Unreachable`
 */
export async function ask(
  { custodian, authority, idempotencyKey }: ReachFlags & RepeatFlags,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  authorization?: string,
): Promise<Record<string, unknown>> {
  const ca = readFileSync(authority, 'utf8')
  const dispatcher = new Agent({ connect: { ca, minVersion: 'TLSv1.3' } })
  try {
    const answer = await request(`${custodian.replace(/\/$/, '')}${path}`, {
      method,
      dispatcher,
      signal: AbortSignal.timeout(TIMEOUT),
      headers: {
        'content-type': 'application/json',
        ...(authorization && { authorization }),
        ...(method === 'POST' && idempotencyKey && { 'idempotency-key': idempotencyKey }),
      },
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    })
    const json = (await answer.body.json()) as Record<string, unknown>
    const { code, message } = json
    if (typeof code === 'string' && code in REFUSALS)
      throw new CustodyError(code as CustodyErrorCode, String(message))
    if (answer.statusCode >= 400) throw new CannotStart(`The custodian failed: ${String(message)}`)
    return json
  } catch (error) {
    if (error instanceof CustodyError || error instanceof CannotStart) throw error
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).name
    throw new CustodyError('Unreachable', `The custodian at ${custodian} cannot be reached (${why}).`)
  } finally {
    await dispatcher.destroy()
  }
}

/**
 * Signs a text by ssh-keygen, with whatever agent, file or hardware the key lives in.
 *
 * @param key private or public key file, as for `ssh-keygen -Y sign -f`
 */
export async function sshSign(key: string, text: string): Promise<string> {
  const child = spawn('ssh-keygen', ['-Y', 'sign', '-n', 'treuhand-approval', '-f', key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(text)
  let signature = ''
  child.stdout.setEncoding('utf8').on('data', piece => {
    signature += piece
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', () => reject(new CannotStart('ssh-keygen is missing. Install OpenSSH.')))
    child.on('close', resolve)
  })
  if (code !== 0) throw new CannotStart(`ssh-keygen could not sign with ${key}.`)
  return signature
}

/** The line of a public key file: the key's own, or the one beside it. */
export function publicKeyLine(key: string): string {
  return readFileSync(key.endsWith('.pub') ? key : `${key}.pub`, 'utf8').trim()
}
