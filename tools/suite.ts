import { spawnSync } from 'node:child_process'
import './prepare.ts'

/** `npm run suites [-- vitest arguments]`: prepares, then runs the suites against real servers and clients. */
const { status } = spawnSync('vitest', ['run', '--project', 'suites', ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
