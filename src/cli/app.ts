import { buildApplication, buildCommand, buildRouteMap, text_en } from '@stricli/core'
import packageJson from '../../package.json' with { type: 'json' }
import { accessKeys } from './access-key-commands.ts'
import { explain } from './cannot-start.ts'
import { custodianCommands } from './custody/commands.ts'
import { eraseCommand } from './custody/erase-commands.ts'
import { escortCommands } from './custody/escort-commands.ts'
import { epochsCommand, rotateCommands } from './custody/rotate-commands.ts'
import { evidenceCommands, logCommands, witnessCommand } from './evidence-commands.ts'
import { halfCommands } from './half-commands.ts'
import { reencryptCommand, whereUsedCommand } from './key-use-commands.ts'
import { settingsFlags, workersFlag } from './settings-flags.ts'

const devCommand = buildCommand({
  docs: {
    brief: 'Run proxy and custodian in one program, for a first look',
    fullDescription:
      'Without a configuration it serves http://127.0.0.1:8700 over a folder of this machine, and makes what is missing.',
  },
  parameters: { flags: { ...settingsFlags, ...workersFlag } },
  loader: async () => (await import('./dev.ts')).dev,
})

const proxyCommand = buildCommand({
  docs: { brief: 'Run a proxy as its configuration says' },
  parameters: { flags: { ...settingsFlags, ...workersFlag } },
  loader: async () => (await import('./proxy-command.ts')).proxy,
})

const checkCommand = buildCommand({
  docs: {
    brief: 'Look at all that a proxy needs, and say what is in the way',
    fullDescription: 'It changes nothing, and may run beside the proxy.',
  },
  parameters: {
    flags: {
      ...settingsFlags,
      json: { kind: 'boolean', default: false, withNegated: false, brief: 'A JSON document a line' },
    },
  },
  loader: async () => (await import('./check.ts')).check,
})

const enrolCommand = buildCommand({
  docs: { brief: 'Get this proxy admitted by its custodian, with the ticket on standard input' },
  parameters: { flags: settingsFlags },
  loader: async () => (await import('./enrol.ts')).enrolProxy,
})

const objectUrl = { parse: String, brief: 's3://BUCKET/KEY', placeholder: 'OBJECT' }

const putCommand = buildCommand({
  docs: { brief: 'Put a file through a running proxy; its bucket is made where it is missing' },
  parameters: {
    flags: settingsFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'File to put', placeholder: 'FILE' }, objectUrl],
    },
  },
  loader: async () => (await import('./objects.ts')).putFile,
})

const getCommand = buildCommand({
  docs: { brief: 'Get an object through a running proxy, to standard output' },
  parameters: { flags: settingsFlags, positional: { kind: 'tuple', parameters: [objectUrl] } },
  loader: async () => (await import('./objects.ts')).getObject,
})

export const app = buildApplication(
  buildRouteMap({
    docs: { brief: 'Treuhand: storage that the operator cannot read' },
    routes: {
      dev: devCommand,
      proxy: proxyCommand,
      check: checkCommand,
      enrol: enrolCommand,
      'access-key': accessKeys,
      custodian: custodianCommands,
      rotate: rotateCommands,
      epochs: epochsCommand,
      erase: eraseCommand,
      escort: escortCommands,
      'where-used': whereUsedCommand,
      reencrypt: reencryptCommand,
      witness: witnessCommand,
      log: logCommands,
      evidence: evidenceCommands,
      half: halfCommands,
      put: putCommand,
      get: getCommand,
    },
  }),
  {
    name: 'treuhand',
    versionInfo: { currentVersion: packageJson.version },
    scanner: { caseStyle: 'allow-kebab-for-camel' },
    documentation: { disableAnsiColor: true },
    localization: { text: { ...text_en, exceptionWhileRunningCommand: error => explain(error).text } },
    determineExitCode: error => explain(error).exit,
  },
)
