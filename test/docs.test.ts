import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

describe.each(PAGES)('%s', page => {
  const text = readFileSync(join(ROOT, page), 'utf8')

  test('links to pages that are there', () => {
    const targets = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!)
    const missing = targets.filter(target => !existsSync(resolve(ROOT, dirname(page), target)))
    expect(missing).toEqual([])
  })

  test('names files that are there', () => {
    const named = [...text.matchAll(/(?<![\w./-])((?:src|test|tools|opener|bench)\/[\w./-]*\w)/g)].map(
      ([, path]) => path!,
    )
    expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

test('every npm script that the README names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const named = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/npm run ([\w:]+)/g)].map(
    ([, name]) => name,
  )
  expect(named.length).toBeGreaterThan(3)
  for (const name of named) expect(scripts).toHaveProperty([name!])
})
