import { testBuckets } from './contract/buckets.ts'
import { testConditions } from './contract/conditions.ts'
import { testCopies } from './contract/copies.ts'
import { testDeletes } from './contract/deletes.ts'
import { testLifecycles } from './contract/lifecycles.ts'
import { testListings } from './contract/listings.ts'
import { testLocks } from './contract/locks.ts'
import { testObjects } from './contract/objects.ts'
import type { Subject } from './contract/subject.ts'
import { testTags } from './contract/tags.ts'
import { testUploads } from './contract/uploads.ts'
import { testVersions } from './contract/versions.ts'

/** What every store must do, run over each: `test/store/directory/` and `test/store/s3/` call it with theirs. */
export function testStore(subject: Subject): void {
  testBuckets(subject)
  testObjects(subject)
  testConditions(subject)
  testDeletes(subject)
  testListings(subject)
  testUploads(subject)
  testCopies(subject)
  testTags(subject)
  testVersions(subject)
  testLocks(subject)
  testLifecycles(subject)
}
