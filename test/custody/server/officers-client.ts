import { request } from 'node:https'

type Observer = (method: string, path: string, status: number, answer: unknown) => void
/** Hear of every JSON that was answered. */
export const observers: Observer[] = []

/** What a person signed, where a call has no room for it in its body. */
interface SignedWord {
  readonly document: string
  readonly signature: string
}

/**
 * Calls an officers' listener as a program of their own would.
 *
 * @param by a token, or what a person signed
 * @returns the answer's status and JSON
 */
export async function call(
  port: number,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  by?: string | SignedWord,
  idempotencyKey?: string,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(by === undefined ? {} : { authorization: typeof by === 'string' ? `Bearer ${by}` : signed(by) }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  }
  // What is under test is the interface; leases.test.ts checks certificates.
  const options = { host: '127.0.0.1', port, path, method, headers, agent: false, rejectUnauthorized: false }
  return await new Promise((resolve, reject) => {
    const sent = request(options, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', piece => {
        text += piece
      })
      response.on('end', () => {
        const answer = { status: response.statusCode!, json: jsonOf(text) }
        try {
          for (const observe of observers) observe(method, path, answer.status, answer.json)
          resolve(answer)
        } catch (error) {
          reject(error)
        }
      })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function signed({ document, signature }: SignedWord): string {
  const part = (text: string) => Buffer.from(text).toString('base64url')
  return `Signed ${part(document)}.${part(signature)}`
}

/** The log's files are none. */
function jsonOf(text: string): Record<string, unknown> {
  return text.startsWith('{') ? JSON.parse(text) : {}
}
