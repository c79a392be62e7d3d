/** A real nginx (Debian: nginx-light) with its defaults, before several replicas. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Nginx {
  readonly url: string
  /** What it complained about. */
  complaints: () => Promise<string>
  stop: () => Promise<void>
}

/** Only what keep-alive connections to the replicas and a folder of our own need: all else is as nginx has it. */
function configuration (folder: string, port: number, replicas: readonly number[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`)
  return `
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log warn;
    worker_processes 1;
    events {}
    http {
      access_log off;
      ${temporary.join('\n')}
      upstream fewstep {
        ${replicas.map((replica) => `server 127.0.0.1:${replica};`).join('\n')}
        keepalive 16;
      }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://fewstep;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
        }
      }
    }`
}

/** @throws Error where there is no nginx, or it does not start */
export async function startNginx (port: number, replicas: readonly number[]): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'fewstep-nginx-'))
  await chmod(folder, 0o755) // its worker has another user
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration(folder, port, replicas))
  const child = spawn(process.env['NGINX'] ?? '/usr/sbin/nginx', ['-c', file, '-p', folder, '-e', join(folder, 'error.log'), '-g', 'daemon off;'], { stdio: 'inherit' })
  const exited = once(child, 'close')
  await once(child, 'spawn')
  const url = `http://127.0.0.1:${port}`
  while (await fetch(url).then(() => false, () => true)) {
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${await readFile(join(folder, 'error.log'), 'utf8')}`)
  }
  return {
    url,
    complaints: async () => await readFile(join(folder, 'error.log'), 'utf8'),
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true })
    }
  }
}
