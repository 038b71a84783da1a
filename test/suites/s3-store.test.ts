import { openS3Store } from '../../src/store/s3/open.ts'
import { startVersitygw } from '../harness/versitygw.ts'
import { testStore } from '../store/contract.ts'

const server = await startVersitygw()

testStore({
  name: 's3 over versitygw',
  open: () =>
    openS3Store({
      endpoint: new URL(server.endpoint),
      region: server.region,
      addressing: 'path',
      credential: { accessKeyId: server.root.access, secretAccessKey: server.root.secret },
    }),
  // versitygw v1.8.0: its keys are paths of a file system, the rest are its own ways.
  lacks: new Set([
    'keys below keys',
    'writes unless an ETag',
    'governance bypass',
    'checked tokens',
    'strict bucket names',
    'conditions by whole seconds',
    'NoSuchUpload first',
    'pages of uploads',
    'pages of versions',
    'deletes of what is gone',
    'markers over nothing',
    'buckets kept by versions',
    'conditions on markers',
    'default retention shown',
    'lifecycle',
  ]),
})
