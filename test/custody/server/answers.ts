import Schema from 'typebox/schema'
import { expect } from 'vitest'
import { custodyApi, type OpenApi } from '../../../tools/custody-reference.ts'

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}

const api = await custodyApi()
const OPERATIONS = { officers: operationsOf(api.officers), proxies: operationsOf(api.proxies) }

function operationsOf({ paths }: OpenApi) {
  return Object.entries(paths as unknown as Record<string, Record<string, Operation>>).map(
    ([path, operations]) => ({
      way: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
      path,
      operations,
    }),
  )
}

/** Every call whose answer was held against its schema in this file's tests, as `POST /v1/x 200`. */
export const held = new Set<string>()

/** Holds an answer of the custodian against what OpenAPI says of it. */
export function hold(
  method: string,
  url: string,
  status: number,
  answer: unknown,
  listener: keyof typeof OPERATIONS = 'officers',
): void {
  const found = OPERATIONS[listener].find(
    ({ way, operations }) => way.test(url) && operations[method.toLowerCase()],
  )
  if (!found) return
  const { responses } = found.operations[method.toLowerCase()]!
  const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`]
  const [content] = Object.values(response?.content ?? {})
  const name = `${method} ${found.path} ${status}`
  expect(content, `${name} is told`).toBeDefined()
  expect(Schema.Check(content!.schema, answer), `${name}: ${JSON.stringify(answer)}`).toBe(true)
  held.add(name)
}
