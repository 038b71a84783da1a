import type { BucketCall } from './call.ts'
import { percentEncoded, utf8Octets } from './forms/octets.ts'
import { bucketOfHost } from './forms/place.ts'

/** Where an object is, by the name under which the client came; never where the store is. */
export function locationOf({ request, bucket, settings }: BucketCall, key: string): string {
  const host = request.headers.get('host') ?? ''
  const path = utf8Octets(key).split('/').map(percentEncoded).join('/')
  const origin = `${request.secure ? 'https' : 'http'}://${host}`
  return bucketOfHost(host, settings.baseDomains) === undefined
    ? `${origin}/${bucket}/${path}`
    : `${origin}/${path}`
}
