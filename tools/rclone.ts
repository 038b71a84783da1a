import { goProgram } from './go.ts'

/** The path of rclone. Debian's is too old for what the suites ask of it. */
export const rclone = (): Promise<string> =>
  goProgram({ name: 'rclone', module: 'github.com/rclone/rclone', version: 'v1.76.0' })
