import { request } from 'node:https'

type Observer = (method: string, path: string, status: number, answer: unknown) => void
/** Hear of every JSON that was answered. */
export const observers: Observer[] = []

/** Calls an officers' listener as a program of their own would; the answer's status and JSON. */
export async function call(
  port: number,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  token?: string,
  idempotencyKey?: string,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
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

/** The log's files are none. */
function jsonOf(text: string): Record<string, unknown> {
  return text.startsWith('{') ? JSON.parse(text) : {}
}
