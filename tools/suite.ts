import { spawnSync } from 'node:child_process'
import { type DebianProgram, debianProgram } from './debian.ts'
import { goProgram } from './go.ts'
import { pythonProgram } from './python.ts'
import { rclone } from './rclone.ts'
import { tinkProgram } from './tink.ts'
import { VERSITYGW } from './versitygw.ts'

/**
 * `npm run suites [-- vitest arguments]`: installs what the suites need, then runs them against real
 * servers and clients. The first run takes about ten minutes longer, for Go's downloads.
 */
const debian: readonly DebianProgram[] = ['nginx', 'restic', 's3cmd', 's3fs']

const python = pythonProgram('aws')
await goProgram(VERSITYGW)
await rclone()
await tinkProgram()
for (const name of debian) await debianProgram(name)
await python

const { status } = spawnSync('vitest', ['run', '--project', 'suites', ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
