import { createBucket, deleteBucket, putVersioning } from './buckets.ts'
import { deleteObject, deleteObjects } from './delete.ts'
import { deleteDocument, putDocument } from './documents.ts'
import { deleteLifecycle, endUpload, endVersions, putLifecycle } from './lifecycle.ts'
import { copyObject, putObject } from './publish.ts'
import { putLegalHold, putLockConfiguration, putRetention } from './retention.ts'
import {
  endSession,
  enterSession,
  forgetGarbage,
  pin,
  releaseBlock,
  reserveBlock,
  unpin,
} from './sessions.ts'
import { putBucketTags, putTags } from './tags.ts'
import type { Transaction } from './transaction.ts'
import { abortUpload, completeUpload, copyPart, createUpload, putPart } from './uploads.ts'

/** Every change of the index. Arguments and results cross to the catalog's thread: plain data only. */
export const TRANSACTIONS = {
  createBucket,
  deleteBucket,
  putVersioning,
  putObject,
  copyObject,
  deleteObject,
  deleteObjects,
  createUpload,
  putPart,
  copyPart,
  completeUpload,
  abortUpload,
  putTags,
  putBucketTags,
  putLockConfiguration,
  putRetention,
  putLegalHold,
  putLifecycle,
  deleteLifecycle,
  putDocument,
  deleteDocument,
  endVersions,
  endUpload,
  enterSession,
  endSession,
  reserveBlock,
  releaseBlock,
  pin,
  unpin,
  forgetGarbage,
} satisfies Record<string, (tx: Transaction, argument: never) => unknown>

type Transactions = typeof TRANSACTIONS
export type TransactionName = keyof Transactions
export type Argument<N extends TransactionName> = Parameters<Transactions[N]>[1]
export type Result<N extends TransactionName> = ReturnType<Transactions[N]>
