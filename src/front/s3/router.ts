import type { Headers } from '../../wire/exchange.ts'
import type { Operation } from './call.ts'
import { notImplemented } from './errors.ts'
import { isKnownField } from './forms/known-fields.ts'
import type { Place } from './forms/place.ts'
import type { Query } from './forms/query.ts'
import { checkMistakes, methodNotAllowed } from './mistakes.ts'

/**
 * Query parameters that every operation takes: the signature's own, and `x-id`, with which SDKs name their call.
 * A presigned URL may carry request fields as parameters; those are checked as fields.
 */
const COMMON_QUERY = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
  'X-Amz-User-Agent',
])

const RESOURCES = { service: 'SERVICE', bucket: 'BUCKET', object: 'OBJECT' } as const

/** Operations by method and kind of place, those that ask for more before those that ask for less. */
export type Routes = ReadonlyMap<string, readonly Operation[]>

export function routesOf(operations: readonly Operation[]): Routes {
  return Map.groupBy(
    operations.toSorted((a, b) => weight(b) - weight(a)),
    ({ method, on }) => routeName(method, on),
  )
}

const routeName = (method: string, on: Place['kind']) => `${method} ${on}`

/**
 * Finds the operation that a request asks for.
 * @throws S3Error NotImplemented, naming what is not on the lists; MethodNotAllowed
 */
export function route(
  routes: Routes,
  method: string,
  place: Place,
  query: Query,
  headers: Headers,
): Operation {
  for (const [name] of headers.pairs) checkField(name)
  checkMistakes(method, place, query, headers)
  const here = routes.get(routeName(method, place.kind)) ?? []
  const operation = here.find(({ selector }) => selects(selector, query, headers))
  if (!operation) {
    if (query.pairs.length === 0 || here.length === 0) throw methodNotAllowed(method, RESOURCES[place.kind])
    throw notImplemented(`${method} of a ${place.kind} with ${query.pairs.map(([name]) => name).join(', ')}`)
  }
  for (const [name] of query.pairs) if (!takes(operation, name)) checkParameter(name, operation)
  return operation
}

const takes = ({ selector, query }: Operation, parameter: string) =>
  selector?.query?.includes(parameter) || query?.includes(parameter)

function selects(selector: Operation['selector'], query: Query, headers: Headers): boolean {
  if (!selector) return true
  if (selector.header && headers.get(selector.header) === undefined) return false
  return (selector.query ?? []).every(name => query.has(name))
}

const weight = ({ selector }: Operation) => (selector?.query?.length ?? 0) + (selector?.header ? 1 : 0)

function checkField(name: string): void {
  if (name.startsWith('x-amz-') && !isKnownField(name)) throw notImplemented(`The header ${name}`)
}

/** S3 leaves parameters out of account that begin with `x-` and are not its own. */
function checkParameter(name: string, operation: Operation): void {
  if (COMMON_QUERY.has(name)) return
  const lower = name.toLowerCase()
  if (lower.startsWith('x-amz-')) checkField(lower)
  else if (!lower.startsWith('x-')) throw notImplemented(`The query parameter ${name} of ${operation.name}`)
}
