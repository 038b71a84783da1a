import { escortId } from '../../../src/custody/escorts/key.ts'
import { bodyOf, custodyApi, type OpenApi, type Schema } from '../../../tools/custody-reference.ts'

/** A call of the custodian's interface, with a body that its schema lets pass. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** As OpenAPI has it. */
  readonly path: string
  /** With something in place of its parameters. */
  readonly url: string
  readonly body: unknown
}

let api: ReturnType<typeof custodyApi> | undefined

/** Every call of the officers' listener, the console's too. */
export async function officersRoutes(): Promise<Route[]> {
  api ??= custodyApi()
  return routesOf((await api).officers)
}

function routesOf({ paths }: OpenApi): Route[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const url = path.replace('{*}', 'checkpoint').replace('{tenant}', 'acme')
      const schema = bodyOf(operation)
      return {
        method: method.toUpperCase() as Route['method'],
        path,
        url: url.replaceAll(
          /\{[^}]+\}/g,
          url.startsWith('/v1/escorts') ? escortId('a'.repeat(64)) : 'a'.repeat(64),
        ),
        body: schema && example(schema),
      }
    }),
  )
}

/** The smallest value that a schema lets pass. */
function example(schema: Schema, name = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf) return example(schema.anyOf[0]!, name)
  switch (schema.type) {
    case 'object': {
      const members = (schema.required ?? []).map(member => [
        member,
        example(schema.properties![member]!, member),
      ])
      return Object.fromEntries(members)
    }
    case 'array':
      return []
    case 'integer':
      return 1
    default:
      return name === 'tenant' ? 'acme' : name === 'bucket' ? 'photos' : 'x'
  }
}
