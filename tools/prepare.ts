import { type DebianProgram, debianProgram } from './debian.ts'
import { goProgram } from './go.ts'
import { pythonProgram } from './python.ts'
import { rclone } from './rclone.ts'
import { tinkProgram } from './tink.ts'
import { VERSITYGW } from './versitygw.ts'

/** `node tools/prepare.ts` installs what the suites need; the first time takes about ten minutes, for Go's downloads. */
const debian: readonly DebianProgram[] = ['chromium', 'nginx', 'restic', 's3cmd', 's3fs']

const python = pythonProgram('aws')
await goProgram(VERSITYGW)
await rclone()
await tinkProgram()
for (const name of debian) await debianProgram(name)
await python
