import { resolve } from 'node:path'
import { parseConfig, readConfigFile } from '../config/read.ts'
import type { Config } from '../config/schema.ts'
import type { DevFlags, SettingsFlags } from './settings-flags.ts'

/** The configuration, with what the command line says on top. */
export function readSettings({ config: file, port, data, workers }: DevFlags): Config {
  const config = file === undefined ? parseConfig({}, here()) : readConfigFile(resolve(here(), file))
  return {
    ...config,
    ...(data !== undefined && { data: resolve(here(), data) }),
    ...(workers !== undefined && { workers }),
    listen: { ...config.listen, ...(port !== undefined && { port }) },
  }
}

/** The same options as words of a command line. */
export const settingsWords = ({ config, port, data }: SettingsFlags): string[] => [
  ...(config === undefined ? [] : ['--config', config]),
  ...(port === undefined ? [] : ['--port', String(port)]),
  ...(data === undefined ? [] : ['--data', data]),
]

/** Where the person is who started this. npm runs scripts in the package's folder, and says from where. */
export const here = (): string =>
  (process.env['npm_lifecycle_event'] === 'start' && process.env['INIT_CWD']) || process.cwd()
