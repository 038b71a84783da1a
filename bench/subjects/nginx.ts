import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianProgram } from '../../tools/debian.ts'
import { freePort, startServer } from '../../tools/server.ts'
import type { Subject } from './subject.ts'

/**
 * The control for what passing bytes through costs: nginx with buffers of 256 KiB, one worker, nothing written
 * to disk. Requests keep their Host, so the store verifies the client's own signature.
 */
export async function startNginx(
  store: Subject,
  { name = 'nginx', tls }: { name?: string; tls?: { certificate: string; key: string } } = {},
): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'treuhand-bench-nginx-'))
  const port = await freePort()
  const health = await freePort()
  const config = join(folder, 'nginx.conf')
  await writeFile(config, configuration(folder, port, health, new URL(store.endpoint), tls))
  const server = await startServer({
    program: await debianProgram('nginx'),
    args: ['-c', config, '-p', folder, '-e', join(folder, 'error.log')],
    health: `http://127.0.0.1:${health}/`,
  })
  return {
    name,
    bucket: name,
    endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    credential: store.credential,
    pid: server.pid,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true })
    },
  }
}

const configuration = (
  folder: string,
  port: number,
  health: number,
  store: URL,
  tls?: { certificate: string; key: string },
) => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream store { server ${store.host}; keepalive 64; }
  server { listen 127.0.0.1:${health}; return 200; }
  server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''};
    ${tls ? `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};` : ''}
    client_max_body_size 0;
    client_body_buffer_size 256k;
    location / {
      proxy_pass ${store.protocol}//store;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_buffer_size 256k;
      proxy_buffers 4 256k;
      proxy_busy_buffers_size 512k;
      proxy_max_temp_file_size 0;
    }
  }
}
`
