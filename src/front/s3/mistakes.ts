import type { Headers } from '../../wire/exchange.ts'
import { invalidArgument, S3Error } from './errors.ts'
import type { Place } from './forms/place.ts'
import type { Query } from './forms/query.ts'

/**
 * Requests that mix up operations, for which S3 has answers of their own (as versitygw's suite has observed
 * them: tests/integration/general.go).
 * @throws S3Error
 */
export function checkMistakes(method: string, place: Place, query: Query, headers: Headers): void {
  const source = headers.get('x-amz-copy-source')
  if (source !== undefined && method !== 'PUT' && (method !== 'POST' || query.has('uploadId')))
    throw invalidArgument(
      'x-amz-copy-source',
      source,
      'You can only specify a copy source header for copy requests.',
    )
  if (place.kind === 'service' && method !== 'GET') throw methodNotAllowed(method, 'SERVICE')
  if (place.kind !== 'object') return
  // S3 says SERVICE here, though it is an object.
  if (method === 'POST' && !query.has('uploads') && !query.has('uploadId'))
    throw methodNotAllowed(method, 'SERVICE')
  if (method === 'PUT' && query.has('partNumber') !== query.has('uploadId')) {
    if (query.has('uploadId')) throw methodNotAllowed(method, 'UPLOAD')
    throw invalidArgument(
      'partNumber',
      'partNumber',
      'This operation does not accept partNumber without uploadId',
    )
  }
  if (method === 'GET' && query.has('uploads'))
    throw new S3Error('InvalidRequest', 'Key is not expected for the GET method ?uploads subresource')
  if (method === 'GET' && query.has('versions'))
    throw new S3Error('InvalidRequest', 'There is no such thing as the ?versions sub-resource for a key')
}

export const methodNotAllowed = (
  method: string,
  resource: 'SERVICE' | 'BUCKET' | 'OBJECT' | 'UPLOAD',
): S3Error =>
  new S3Error('MethodNotAllowed', undefined, { details: { Method: method, ResourceType: resource } })
