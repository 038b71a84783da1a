import type { Fields, Headers } from '../../wire/exchange.ts'
import { S3Error } from './errors.ts'
import { type CorsAsk, type CorsRule, isCorsMethod, readRequestHeaders, ruleFor } from './forms/cors.ts'

/** Where the CORS rules of buckets are kept: on the customer's side, since the store must not open a bucket to pages. */
export interface CorsRules {
  get(bucket: string): Promise<readonly CorsRule[] | undefined>
  put(bucket: string, rules: readonly CorsRule[]): Promise<void>
  remove(bucket: string): Promise<void>
}

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

/**
 * Answers a preflight request (Fetch, "CORS protocol"): the fields that allow what the browser asks.
 * @throws S3Error BadRequest, AccessForbidden
 */
export async function preflight(
  rules: CorsRules,
  bucket: string,
  headers: Headers,
  resource: 'BUCKET' | 'OBJECT',
): Promise<Fields> {
  const origin = headers.get('origin')
  if (!origin) throw new S3Error('BadRequest', 'Insufficient information. Origin request header needed.')
  const method = headers.get('access-control-request-method') ?? ''
  if (!isCorsMethod(method)) throw invalidMethod(method)
  const asked = readRequestHeaders(headers.get('access-control-request-headers'))
  const known = await rules.get(bucket)
  // S3 says BUCKET here whatever was asked.
  if (!known) throw forbidden('CORSResponse: CORS is not enabled for this bucket.', 'BUCKET')
  const ask = { origin, method, headers: asked }
  const rule = ruleFor(known, ask)
  if (!rule) throw forbidden(NOT_ALLOWED, resource)
  return fieldsOf(rule, ask)
}

/**
 * What an answer tells the browser that asked for another page's sake.
 * @throws S3Error BadRequest
 */
export async function corsFields(
  rules: CorsRules,
  bucket: string,
  method: string,
  headers: Headers,
): Promise<Fields> {
  const origin = headers.get('origin')
  if (!origin) return []
  const known = await rules.get(bucket)
  if (!known) return []
  const asked = headers.get('access-control-request-method')
  const meant = asked || method
  if (!isCorsMethod(meant)) {
    if (asked) throw invalidMethod(asked)
    return []
  }
  const ask = {
    origin,
    method: meant,
    headers: readRequestHeaders(headers.get('access-control-request-headers')),
  }
  const rule = ruleFor(known, ask)
  return rule ? fieldsOf(rule, ask) : []
}

function fieldsOf({ origins, methods, exposed, maxAge }: CorsRule, { origin, headers }: CorsAsk): Fields {
  const any = origins.includes('*')
  const fields: [string, string][] = [
    ['access-control-allow-origin', any ? '*' : origin],
    ['access-control-allow-methods', methods.join(', ')],
    ['access-control-allow-credentials', any ? 'false' : 'true'],
    ['vary', VARY],
  ]
  if (headers.length > 0)
    fields.push(['access-control-allow-headers', headers.map(each => each.toLowerCase()).join(', ')])
  // Uploads in parts cannot do without it.
  const shown = exposed.some(each => each.toLowerCase() === 'etag') ? exposed : [...exposed, 'ETag']
  fields.push(['access-control-expose-headers', shown.join(', ')])
  if (maxAge !== undefined) fields.push(['access-control-max-age', String(maxAge)])
  return fields
}

const NOT_ALLOWED =
  "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."

const forbidden = (message: string, resource: 'BUCKET' | 'OBJECT') =>
  new S3Error('AccessForbidden', message, { details: { Method: 'OPTIONS', ResourceType: resource } })

const invalidMethod = (method: string) =>
  new S3Error('BadRequest', `Invalid Access-Control-Request-Method: ${method}`)
