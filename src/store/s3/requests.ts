import type { Ask, Origin } from '../../wire/client.ts'
import type { Connection } from './connection.ts'
import type { Field } from './object-headers.ts'
import type { ChunkSigner } from './signature.ts'
import { type Query, writeQuery } from './targets.ts'

/** A request by the store's names. */
export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket?: string
  readonly key?: string
  readonly query?: Query
  readonly headers?: readonly Field[]
}

/** A request signed and written for the wire. */
export interface SignedRequest {
  readonly origin: Origin
  readonly ask: Ask
  readonly chunks: ChunkSigner
}

/** @param payload what `x-amz-content-sha256` says of the body */
export function signRequest(connection: Connection, request: StoreRequest, payload: string): SignedRequest {
  const { method, bucket, key, headers = [] } = request
  const target = connection.targets.locate(bucket, key)
  const query = writeQuery(request.query ?? {})
  const { path, host } = target
  const signed = connection.signer.sign({ method, path, query, host, headers, payload }, new Date())
  return {
    origin: connection.origins.at(target),
    // Nothing is ever decompressed, so nothing compressed is asked for.
    ask: {
      method,
      target: query === '' ? path : `${path}?${query}`,
      fields: [['accept-encoding', 'identity'], ...signed.headers],
    },
    chunks: signed.chunks,
  }
}
