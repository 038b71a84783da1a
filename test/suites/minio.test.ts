import { afterAll, describe } from 'vitest'
import { openS3Store } from '../../src/store/s3/open.ts'
import { startMinio } from '../../tools/minio.ts'
import { testStore } from '../store/contract.ts'

/** A second real store, where MINIO names its binary: it builds for half an hour, so no suite installs it. */
const program = process.env['MINIO']

if (program === undefined) describe.skip('s3 over minio', () => {})
else {
  const server = await startMinio(program)
  afterAll(() => server.stop())
  testStore({
    name: 's3 over minio',
    open: () =>
      openS3Store({
        endpoint: new URL(server.endpoint),
        region: server.region,
        addressing: 'path',
        credential: { accessKeyId: server.root.access, secretAccessKey: server.root.secret },
      }),
    // minio of 2026-02-12
    lacks: new Set([
      'keys of any steps',
      'pages with a delimiter',
      'conditional deletes',
      'Complete twice',
      'aborts of what never was',
      'pages of uploads',
      'markers told',
      'markers over nothing',
      'buckets kept by versions',
      'codes of locks',
      'lifecycle of uploads',
    ]),
  })
}
