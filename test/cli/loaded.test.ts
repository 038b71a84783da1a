import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const RUN = join(import.meta.dirname, '../../src/cli/run.ts')

test('a proxy loads no second HTTP stack and no schema library: each would hold 15 MiB as long as it runs', () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(RUN)})
    console.log(JSON.stringify(loaded))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  const loaded: string[] = JSON.parse(said)
  expect(loaded.some(url => url.endsWith('/src/cli/proxy.ts'))).toBe(true)
  expect(loaded.filter(url => /^node:https?$|node_modules\/(undici|typebox|fastify)\//.test(url))).toEqual([])
})
