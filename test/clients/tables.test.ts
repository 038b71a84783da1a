import { beforeAll, describe, expect, test } from 'vitest'
import { pythonProgram } from '../../tools/python.ts'
import { keyEnvironment, STORES, source, steps, treuhandOver } from './setting.ts'

describe.each(STORES)('over %s', kind => {
  let env: NodeJS.ProcessEnv
  let python: string
  beforeAll(async () => {
    env = keyEnvironment(await treuhandOver(kind))
    python = await pythonProgram('python')
  })

  test('pyarrow reads columns of a Parquet file by ranges', async () => {
    expect(await steps(python, [source('python', 'parquet.py')], { env })).toEqual([
      'written in parts',
      'a column of a row group',
      'the whole, and what a filter lets through',
      'files copied, moved, listed and deleted',
    ])
  })

  test('two writers commit to one Delta table at once, and no commit is lost', async () => {
    expect(await steps(python, [source('python', 'delta.py')], { env })).toEqual(['30 commits'])
  })

  test('two writers commit to one Iceberg table at once, and no row is lost', async () => {
    expect(await steps(python, [source('python', 'iceberg.py')], { env })).toEqual([
      '10 commits',
      'rows deleted and the rest read',
    ])
  })
})
