/**
 * A server in a process of its own that takes and forgets every body; says its port on stdout. Below /api/v1 it
 * answers as NOMAD 1.4 answers a good delivery, at once, and keeps nothing. For benches only.
 */
import { createServer, type IncomingMessage } from 'node:http';

type Answer = { readonly status: number; readonly body: unknown };

const OPENAPI = {
  info: { version: '1.4 (sink)' },
  paths: { '/uploads': { post: { parameters: [{ name: 'Upload-Token', in: 'header' }] } } },
};

let uploads = 0;
let processed = 0;

/** Only what the adapter asks for: see src/destinations/nomad/README.md. */
function answer({ method = '', url = '' }: IncomingMessage): Answer {
  const { pathname, searchParams } = new URL(url, 'http://sink');
  if (pathname.endsWith('/openapi.json')) return { status: 200, body: OPENAPI };
  if (method === 'POST' && pathname.endsWith('/uploads')) return state(`sink-${(uploads += 1)}`);
  const id = /\/uploads\/([^/]+)/.exec(pathname)?.[1] ?? '';
  if (searchParams.has('copy_or_move'))
    return { status: 409, body: { detail: 'The provided path already exists.' } };
  if (method === 'PUT') processed += 1;
  return state(id);
}

function state(id: string): Answer {
  const data = { process_running: false, process_status: 'SUCCESS', complete_time: `process ${processed}` };
  return { status: 200, body: { upload_id: id, data } };
}

const server = createServer((request, response) => {
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  request.on('end', () => {
    if (request.url?.startsWith('/api/v1') !== true) return void response.end(`${bytes}\n`);
    const { status, body } = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`${address.port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
