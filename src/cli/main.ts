import cluster from 'node:cluster'
import { type CommandContext, run, type StricliProcess } from '@stricli/core'
import { app } from './app.ts'

// No file that this program makes is for others.
process.umask(0o077)

// bin/treuhand.js starts this file under the right Node; node:cluster starts it again, once a worker.
if (cluster.isWorker) (await import('./worker.ts')).serveAsWorker()
else {
  const { stdout, stderr, env } = process
  const context: CommandContext & { process: StricliProcess } = { process: { stdout, stderr, env } }
  await run(app, process.argv.slice(2), context)
  // What a command that failed has left open would keep the process. Stricli's own codes for wrong usage are below 0.
  // A command that did its work but found something (5: awaits approval) says so by process.exitCode.
  const code = Number(context.process.exitCode) || Number(process.exitCode ?? 0)
  process.exit(code < 0 ? 2 : code)
}
