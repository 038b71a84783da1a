import { expect, test } from 'vitest'
import { minioGoProgram } from '../../tools/go-programs.ts'
import { awsEnvironment, STORES, steps, treuhandOver } from './setting.ts'

test.each(STORES)('minio-go over %s does with objects what applications do', async kind => {
  const env = awsEnvironment(await treuhandOver(kind))
  expect(await steps(await minioGoProgram(), ['minio-go'], { env })).toEqual([
    'put and get',
    'parts and ranges',
    'checksums',
    'copies',
    'listings',
    'conditional writes',
    'presigned',
    'deletes',
  ])
})
