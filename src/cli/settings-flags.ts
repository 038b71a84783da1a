import { CannotStart } from './cannot-start.ts'

/** The options that say which proxy is meant, the same for every command. */
export interface SettingsFlags {
  readonly config?: string
  readonly port?: number
  readonly data?: string
}

/** What the command that runs the proxy takes besides. */
export interface DevFlags extends SettingsFlags {
  readonly workers?: number
}

export const settingsFlags = {
  config: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Configuration file (docs/configuration.md)',
    placeholder: 'FILE',
  },
  port: {
    kind: 'parsed',
    parse: wholeNumber(0, 65535),
    optional: true,
    brief: 'Port, 8700 by default',
    placeholder: 'N',
  },
  data: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Data folder, treuhand-data by default',
    placeholder: 'DIR',
  },
} as const

export const workersFlag = {
  workers: {
    kind: 'parsed',
    parse: wholeNumber(1, 256),
    optional: true,
    brief: 'Processes that serve requests, 1 by default',
    placeholder: 'N',
  },
} as const

/** A parser of option values. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const number = Number(text)
    if (/^\d{1,6}$/.test(text) && number >= least && number <= most) return number
    throw new CannotStart(`"${text}" is no whole number from ${least} to ${most}.`, 2)
  }
}
