import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { consoleRoutes } from '../../src/console/routes.ts'

const app = fastify()
consoleRoutes(app)

async function get(path: string) {
  return await app.inject({ url: path })
}

test('the page brings every module that it imports, and nothing from elsewhere', async () => {
  const index = await get('/console/')
  const { imports } = JSON.parse(/type="importmap">(.*?)<\/script>/.exec(index.body)![1]!)
  const entry = /src="([^"]+)"/.exec(index.body)![1]!
  const seen = new Set<string>()
  const wanted = [entry]
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const { statusCode, body, headers } = await get(path)
    expect([path, statusCode, headers['content-type']]).toEqual([path, 200, 'text/javascript; charset=utf-8'])
    for (const [, name] of body.matchAll(/(?:from|import)\s*["']([^"']+)["']/g))
      wanted.push(name!.startsWith('.') ? new URL(name!, `http://here${path}`).pathname : imports[name!])
  }
  expect(seen.size).toBeGreaterThan(10)
})

test('scripts come from the page alone, may make no markup, and no frame may hold it', async () => {
  const { headers } = await get('/console/')
  const policy = String(headers['content-security-policy'])
  expect(policy).toMatch(/default-src 'none'; script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='; /)
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).toContain("require-trusted-types-for 'script'")
  expect(policy).not.toContain('unsafe')
})

test('only the files of the page are served', async () => {
  for (const path of ['src/custody/custody.ts', '../package.json', 'src/console/routes.ts', 'lib/pg.js'])
    expect((await get(`/console/${path}`)).statusCode).toBe(404)
})
