import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { debianProgram } from '../../tools/debian.ts'
import { type Load, run } from './load.ts'

/**
 * What the wire alone costs: a proxy that passes bytes through `serve` and `Origin`, beside nginx passing them
 * through with 256 KiB buffers. Both stand before one nginx that serves files from memory. CPU seconds are
 * those of the passing process; rounds are interleaved, and the ratio is taken within each.
 *
 *     node bench/wire/main.ts [rounds]
 */
const ROUNDS = Number(process.argv[2] ?? 5)
const MIB = 1024 * 1024
const LOADS: readonly (Load & { readonly name: string })[] = [
  { name: 'GET 64 MiB', method: 'GET', target: '/large', bytes: 64 * MIB, connections: 4, count: 16 },
  { name: 'PUT 64 MiB', method: 'PUT', target: '/put', bytes: 64 * MIB, connections: 4, count: 16 },
  { name: 'GET 4 KiB', method: 'GET', target: '/small', bytes: 4096, connections: 16, count: 10_000 },
  { name: 'PUT 4 KiB', method: 'PUT', target: '/tiny', bytes: 4096, connections: 16, count: 10_000 },
]

interface Passer {
  readonly name: string
  readonly port: number
  readonly pid: number
}

const folder = mkdtempSync('/dev/shm/treuhand-wire-')
const children: ChildProcess[] = []
process.on('exit', () => {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
})

const backend = await startNginx(
  'backend',
  port => `
  server { listen 127.0.0.1:${port}; root ${folder}; dav_methods PUT; client_max_body_size 0; client_body_temp_path ${folder}/temp; }`,
)
writeFileSync(join(folder, 'large'), Buffer.alloc(64 * MIB, 'ciphertext, as far as anybody can tell. '))
writeFileSync(join(folder, 'small'), Buffer.alloc(4096, 'a small one. '))
const nginx = await startNginx(
  'nginx',
  port => `
  upstream store { server 127.0.0.1:${backend.port}; keepalive 64; }
  server {
    listen 127.0.0.1:${port}; client_max_body_size 0;
    location / {
      proxy_pass http://store; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;
      proxy_buffer_size 256k; proxy_buffers 4 256k; proxy_busy_buffers_size 512k; proxy_max_temp_file_size 0;
      client_body_buffer_size 256k;
    }
  }`,
)
const passers: Passer[] = [nginx, await startProxy('direct'), await startProxy('copied')]

for (const load of LOADS) {
  const costs: number[][] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const row: number[] = []
    for (const passer of passers) {
      const before = cpuSeconds(passer.pid)
      const seconds = await run(passer.port, load)
      row.push(cpuSeconds(passer.pid) - before)
      if (process.env['VERBOSE']) console.log(load.name, passer.name, seconds.toFixed(2), 's')
    }
    // The first round warms up.
    if (round > 0) costs.push(row)
  }
  const large = load.bytes > MIB
  const unit = large ? (load.count * load.bytes) / 1e9 : load.count / 1e6
  for (const [at, passer] of passers.entries()) {
    const cost = median(costs.map(row => row[at]! / unit))
    const ratio = median(costs.map(row => row[at]! / row[0]!))
    console.log(
      `${load.name.padEnd(12)} ${passer.name.padEnd(8)} ${cost.toFixed(large ? 2 : 0).padStart(6)} ${large ? 'CPU s/GB' : 'CPU µs/request'}  ${ratio.toFixed(2)} × nginx`,
    )
  }
}
process.exit(0)

async function startNginx(name: string, server: (port: number) => string): Promise<Passer> {
  const port = await freePort()
  const config = join(folder, `${name}.conf`)
  writeFileSync(
    config,
    `
daemon off; worker_processes 1; master_process off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log;
events { worker_connections 512; }
http { access_log off; sendfile on; keepalive_requests 1000000; client_body_temp_path ${folder}/${name}-body; proxy_temp_path ${folder}/${name}-proxy; fastcgi_temp_path ${folder}/x1; uwsgi_temp_path ${folder}/x2; scgi_temp_path ${folder}/x3; ${server(port)} }`,
  )
  const child = spawn(await debianProgram('nginx'), ['-c', config, '-e', join(folder, `${name}.log`)], {
    stdio: 'inherit',
  })
  children.push(child)
  await reachable(port)
  return { name, port, pid: child.pid! }
}

async function startProxy(reading: 'direct' | 'copied'): Promise<Passer> {
  const script = join(import.meta.dirname, 'proxy.ts')
  const child = spawn(process.execPath, [script, String(backend.port), reading], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { name: reading, port: Number(line), pid: child.pid! }
}

/** User and system time of a process, in hundredths (proc(5)). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}

async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = net.connect(port, '127.0.0.1')
    const came = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.on('error', () => {}).destroy()
    if (came) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
