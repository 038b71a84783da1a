import { hash } from 'node:crypto'
import { Signer } from '../../src/store/s3/signature.ts'
import type { Treuhand } from '../harness/treuhand.ts'

/** An answer of the proxy as it is, with nothing hidden, followed or repeated by an SDK. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** The headers that sign a request to the proxy. @param path canonical, without a query */
export function signedHeaders(
  { endpoint, credential }: Treuhand,
  method: string,
  path: string,
  payload: string,
): Record<string, string> {
  const { host } = new URL(endpoint)
  const request = { method, path, query: '', host, headers: [], payload }
  return Object.fromEntries(new Signer(credential, 'us-east-1').sign(request, new Date()).headers)
}

export async function ask(treuhand: Treuhand, method: string, path: string, body = ''): Promise<RawAnswer> {
  const headers = signedHeaders(treuhand, method, path, hash('sha256', body, 'hex'))
  const answer = await fetch(treuhand.endpoint + path, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== '' && { body }),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}
