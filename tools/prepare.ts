import { type DebianProgram, debianProgram } from './debian.ts'
import { goProgram } from './go.ts'
import { minioGoProgram, tinkProgram } from './go-programs.ts'
import { classPath, HADOOP_S3A, java, SDK_V1, SDK_V2, SDK_V2_29 } from './java.ts'
import { pythonProgram } from './python.ts'
import { rclone } from './rclone.ts'
import { VERSITYGW } from './versitygw.ts'

/** `node tools/prepare.ts` installs what the suites need; the first time takes about ten minutes, for Go's downloads. */
const DEBIAN: readonly DebianProgram[] = ['chromium', 'nginx', 'restic', 's3cmd', 's3fs']
const JAVA = [SDK_V1, SDK_V2_29, SDK_V2, HADOOP_S3A]

async function fromGo(): Promise<void> {
  await goProgram(VERSITYGW)
  await rclone()
  await tinkProgram()
  await minioGoProgram()
}

/** One after the other: apt-get bears no second one beside it, and Maven comes by it. */
async function fromDebian(): Promise<void> {
  for (const name of DEBIAN) await debianProgram(name)
  await java()
  for (const libraries of JAVA) await classPath(libraries)
}

await Promise.all([pythonProgram('aws'), fromGo(), fromDebian()])
