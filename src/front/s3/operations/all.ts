import type { Operation } from '../call.ts'
import { abortUpload } from './abort-upload.ts'
import { deleteBucket, getBucketLocation, headBucket } from './bucket.ts'
import { deleteBucketCors, getBucketCors, putBucketCors } from './bucket-cors.ts'
import { deleteBucketTagging, getBucketTagging, putBucketTagging } from './bucket-tagging.ts'
import { getBucketVersioning, putBucketVersioning } from './bucket-versioning.ts'
import { completeUpload } from './complete-upload.ts'
import { copyObject } from './copy-object.ts'
import { createBucket } from './create-bucket.ts'
import { createUpload } from './create-upload.ts'
import { deleteObject } from './delete-object.ts'
import { deleteObjects } from './delete-objects.ts'
import { DOCUMENT_OPERATIONS } from './documents.ts'
import { getObject, headObject } from './get-object.ts'
import { deleteLifecycle, getLifecycle, putLifecycle } from './lifecycle.ts'
import { listBuckets } from './list-buckets.ts'
import { listObjects, listObjectsV2 } from './list-objects.ts'
import { listParts } from './list-parts.ts'
import { listUploads } from './list-uploads.ts'
import { listVersions } from './list-versions.ts'
import { getObjectAttributes } from './object-attributes.ts'
import {
  getLegalHold,
  getLockConfiguration,
  getRetention,
  putLegalHold,
  putLockConfiguration,
  putRetention,
} from './object-lock.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging.ts'
import { postObject } from './post-object.ts'
import { putObject } from './put-object.ts'
import { uploadPart, uploadPartCopy } from './upload-part.ts'

/** All that this front does. What is not here, S3 or not, is NotImplemented. */
export const OPERATIONS: readonly Operation[] = [
  listBuckets,

  createBucket,
  deleteBucket,
  headBucket,
  getBucketLocation,
  listObjects,
  listObjectsV2,
  listVersions,
  listUploads,
  deleteObjects,
  postObject,
  getBucketVersioning,
  putBucketVersioning,
  getLockConfiguration,
  putLockConfiguration,
  getBucketTagging,
  putBucketTagging,
  deleteBucketTagging,
  getBucketCors,
  putBucketCors,
  deleteBucketCors,
  getLifecycle,
  putLifecycle,
  deleteLifecycle,
  ...DOCUMENT_OPERATIONS,

  putObject,
  getObject,
  headObject,
  deleteObject,
  copyObject,
  getObjectTagging,
  putObjectTagging,
  deleteObjectTagging,
  getObjectAttributes,
  getRetention,
  putRetention,
  getLegalHold,
  putLegalHold,

  createUpload,
  uploadPart,
  uploadPartCopy,
  listParts,
  completeUpload,
  abortUpload,
]
