import type { Operation } from '../call.ts'
import { deleteBucket, getBucketLocation, headBucket } from './bucket.ts'
import { createBucket } from './create-bucket.ts'
import { deleteObject } from './delete-object.ts'
import { deleteObjects } from './delete-objects.ts'
import { getObject, headObject } from './get-object.ts'
import { listBuckets } from './list-buckets.ts'
import { listObjects, listObjectsV2 } from './list-objects.ts'
import { putObject } from './put-object.ts'

/** All that this front does. What is not here, S3 or not, is NotImplemented. */
export const OPERATIONS: readonly Operation[] = [
  listBuckets,

  createBucket,
  deleteBucket,
  headBucket,
  getBucketLocation,
  listObjects,
  listObjectsV2,
  deleteObjects,

  putObject,
  getObject,
  headObject,
  deleteObject,
]
