// nginx with Nchan, Debian's packages: the yardstick of fan-out in C. Events are posted to it over one connection.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { childrenBytes, end, serverCore } from '../pinned.mjs';
import { dZoneFrame } from './frame.mjs';

export const configuration = (folder, port) => `load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  nchan_max_reserved_memory 64M;
  server {
    listen 127.0.0.1:${port};
    location /pub { nchan_publisher; nchan_channel_id room; nchan_message_buffer_length 1; }
    location /ws  { nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }
    location /sse { nchan_subscriber eventsource; nchan_channel_id room; nchan_subscriber_first_message newest; }
  }
}
`;

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** As `startServer`; the process whose CPU counts, with its worker, is the master. */
export async function startNchan() {
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-bench-'));
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port));
  const child = spawn('taskset', ['-c', serverCore, 'nginx', '-c', file, '-p', folder], { stdio: 'inherit' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let offset = 0;
  const post = (body) =>
    new Promise((resolve, reject) => {
      const posting = request({ agent, port, path: '/pub', method: 'POST' }, (response) =>
        response.resume().once('end', resolve),
      );
      posting.once('error', reject);
      posting.end(body);
    });
  const publish = async (burst) => {
    const posts = Array.from({ length: burst }, () => {
      offset += 1;
      return post(
        JSON.stringify(dZoneFrame(`at ${performance.timeOrigin + performance.now()} of a benchmark`, offset)),
      );
    });
    await Promise.all(posts);
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await publish(1);
      break;
    } catch (error) {
      if (tries > 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    port,
    pid: child.pid,
    publish,
    change: () => undefined,
    // It has no heap to look into.
    memory: () => Promise.resolve({ rss: childrenBytes(child.pid) }),
    stop: async () => {
      agent.destroy();
      await end(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
