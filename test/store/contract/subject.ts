import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { StoreError } from '../../../src/store/errors.ts'
import type { Store } from '../../../src/store/store.ts'

/** A store to be tested. */
export interface Subject {
  /** Its name in the test report. */
  readonly name: string
  open(): Promise<Store>
  /** What a real store of this kind does not do; the tests of it are skipped and listed as such. */
  readonly lacks: ReadonlySet<Lack>
}

type Lack =
  /** Keys `a` and `a/b` side by side. */
  | 'keys below keys'
  /** Keys with an empty step, or one that is a dot or two: `a/`, `a//b`, `/a`, `./a`. */
  | 'keys of any steps'
  /** Pages under a delimiter that hold each entry once, whatever their size. */
  | 'pages with a delimiter'
  /** DELETE with If-Match. */
  | 'conditional deletes'
  /** A Complete that is sent again is answered again. */
  | 'Complete twice'
  /** A delete under suspended versioning tells that it left a marker. */
  | 'markers told'
  /** What a lock forbids is AccessDenied, and a retention in the past InvalidArgument. */
  | 'codes of locks'
  /** If-None-Match with an ETag on writes. */
  | 'writes unless an ETag'
  /** The bucket's owner may bypass governance. */
  | 'governance bypass'
  /** Continuation tokens that a client made up are told from real ones. */
  | 'checked tokens'
  /** Versioning, and what stands on it. */
  | 'versioning'
  /** Names that S3 forbids to buckets are refused. */
  | 'strict bucket names'
  /** HTTP dates know whole seconds; its own times do not, and it compares the two. */
  | 'conditions by whole seconds'
  /** Complete and Abort tell that an upload is gone before they look at its parts. */
  | 'NoSuchUpload first'
  /** Abort refuses an id that nobody gave. */
  | 'aborts of what never was'
  /** The upload marker that it gave with a page is one that it takes. */
  | 'pages of uploads'
  /** Pages of versions that hold each once, whatever their size. */
  | 'pages of versions'
  /** A version that is gone may be deleted again. */
  | 'deletes of what is gone'
  /** A delete marker over a key that never was. */
  | 'markers over nothing'
  /** A bucket in which only old versions or markers are left is not empty. */
  | 'buckets kept by versions'
  /** A key whose newest version is a delete marker has no object, as far as conditions go. */
  | 'conditions on markers'
  /** A retention that came from the bucket is shown with the object. */
  | 'default retention shown'
  | 'lifecycle'
  /** Lifecycle rules that end uploads. */
  | 'lifecycle of uploads'

/** Opens the subject's store for the tests of one `describe`. */
export function useStore(subject: Subject): () => Store {
  let store: Store
  beforeAll(async () => {
    store = await subject.open()
  })
  afterAll(() => store.close())
  return () => store
}

/** A bucket that no other test has. */
export async function newBucket(store: Store, objectLock = false): Promise<string> {
  const name = `contract-${randomBytes(8).toString('hex')}`
  await store.createBucket(name, { objectLock })
  return name
}

/** The refusal that a call must end with. */
export async function refusal(call: Promise<unknown>): Promise<StoreError> {
  const outcome = await call.then(
    () => 'the call succeeded',
    error => error,
  )
  if (outcome instanceof StoreError) return outcome
  throw new Error('expected a StoreError', { cause: outcome })
}

/** The code of the refusal that a call must end with. */
export async function refusalCode(call: Promise<unknown>): Promise<string> {
  return (await refusal(call)).code
}
