import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, custodyApi, custodyReference, type OpenApi } from '../../../tools/custody-reference.ts'

/** A call of the command line, as its source spells it. */
interface Call {
  readonly file: string
  readonly method: string
  readonly path: string
  /** Names in the body, where it is written out in the call. */
  readonly body: readonly string[] | undefined
}

const COMMANDS = 'src/cli/custody'

/** Every `ask(flags, METHOD, PATH, BODY)`; a path that is chosen between two counts as both. */
function callsOf(file: string): Call[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const calls: Call[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'ask') {
      const [, method, path, body] = node.arguments
      for (const one of pathsOf(path!, source))
        calls.push({ file, method: textOf(method!), path: one, body: body && namesOf(body) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return calls
}

function pathsOf(node: ts.Expression, source: ts.SourceFile): string[] {
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].map(textOf)
  if (!ts.isIdentifier(node)) return [textOf(node)]
  const found: string[] = []
  const visit = (inner: ts.Node): void => {
    if (ts.isVariableDeclaration(inner) && inner.name.getText() === node.text && inner.initializer)
      found.push(...pathsOf(inner.initializer, source))
    ts.forEachChild(inner, visit)
  }
  visit(source)
  return found
}

/** What a literal says; `{}` for each piece that is put in. */
function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `{}${literal.text}`).join('')
  throw new Error(`${node.getText()} is no literal`)
}

function namesOf(node: ts.Expression): string[] | undefined {
  if (!ts.isObjectLiteralExpression(node) || node.properties.some(ts.isSpreadAssignment)) return undefined
  return node.properties.map(property => property.name!.getText())
}

describe('the OpenAPI document', () => {
  let officers: OpenApi
  let all: readonly OpenApi[]
  beforeAll(async () => {
    const api = await custodyApi()
    officers = api.officers
    all = [api.officers, api.proxies]
  }, 60_000)

  it('knows every call of the command line, with the names of its body', () => {
    const operations = new Map(
      Object.entries(officers.paths).map(([path, one]) => [path.replaceAll(/\{\w+\}/g, '{}'), one]),
    )
    const calls = readdirSync(COMMANDS).flatMap(file => callsOf(join(COMMANDS, file)))
    expect(calls.length).toBeGreaterThan(20)
    for (const { file, method, path, body } of calls) {
      const operation = operations.get(path)?.[method.toLowerCase()]
      expect(operation, `${method} ${path} of ${file}`).toBeDefined()
      if (!body) continue
      const { properties = {}, required = [] } = bodyOf(operation!) ?? {}
      expect(Object.keys(properties), `${method} ${path} of ${file}`).toEqual(
        expect.arrayContaining([...body]),
      )
      expect(body, `${method} ${path} of ${file}`).toEqual(expect.arrayContaining([...required]))
    }
  })

  it('says of each call what it does', () => {
    for (const { paths } of all)
      for (const [path, operations] of Object.entries(paths))
        for (const [method, { summary }] of Object.entries(operations))
          expect(summary, `${method} ${path}`).toMatch(/\w/)
  })

  it('is what docs/custody-api.md was made from', async () => {
    const page = readFileSync('docs/custody-api.md', 'utf8')
    expect(page, 'run `npm run docs`').toBe(await custodyReference())
  }, 60_000)
})
