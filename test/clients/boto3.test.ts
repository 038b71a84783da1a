import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { pythonProgram } from '../../tools/python.ts'
import { pattern } from '../objects/harness.ts'
import { awsEnvironment, run, STORES, source, steps, treuhandOver, workFolder } from './setting.ts'

describe.each(STORES)('boto3 over %s', kind => {
  let env: NodeJS.ProcessEnv
  let python: string
  beforeAll(async () => {
    env = awsEnvironment(await treuhandOver(kind))
    python = await pythonProgram('python')
  })

  test('does with objects what applications do', async () => {
    expect(await steps(python, [source('python', 'surface.py')], { env })).toEqual([
      'put and get',
      'parts and ranges',
      'checksums',
      'copies',
      'listings',
      'conditional writes',
      'presigned',
      'tags and versions',
      'deletes',
    ])
  })

  test('transfers 64 MiB in parts with every checksum', async () => {
    const folder = workFolder()
    writeFileSync(join(folder, 'large'), pattern(64 * 2 ** 20))
    expect(await run(python, [source('python', 'transfer.py')], { env, cwd: folder })).toBe('5 algorithms\n')
  })
})
