/** Hostile code as it could come with a package: tries everything and says what it got. Runs as a reader does. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { isMainThread, Worker } from 'node:worker_threads';

export type Tries = Readonly<Record<string, string>>;

const [root = '', outside = '', port = ''] = process.argv.slice(2);

const said = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);

function outcome(attempt: () => unknown): string {
  try {
    return String(attempt());
  } catch (thrown) {
    return said(thrown);
  }
}

const numberOfRoot = fs.openSync(root, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);

const tries: Record<string, () => unknown> = {
  'reads a file of the share': () => fs.readFileSync(`${root}/dir/file`, 'utf8'),
  'reads it by the number of a directory': () =>
    fs.readFileSync(`/proc/self/fd/${numberOfRoot}/dir/file`, 'utf8'),
  'reads a file outside': () => fs.readFileSync(`${outside}/secret`, 'utf8'),
  'reads outside by ..': () => fs.readFileSync(Buffer.from(`${root}/../${outside.split('/').pop()}/secret`)),
  'reads outside by .. of a number': () =>
    fs.readFileSync(Buffer.from(`/proc/self/fd/${numberOfRoot}/../../etc/passwd`)),
  'sees that a file outside exists': () => fs.existsSync(`${outside}/secret`),
  'reads the environment of its process': () => fs.readFileSync('/proc/self/environ', 'utf8'),
  'reads the memory of its process': () => fs.openSync('/proc/self/mem', 'r'),
  'reads the system by /proc': () => fs.readFileSync('/proc/self/root/etc/passwd', 'utf8'),
  'writes on the share': () => fs.writeFileSync(`${root}/dir/new`, 'x'),
  'deletes on the share': () => fs.unlinkSync(`${root}/dir/file`),
  'renames on the share': () => fs.renameSync(`${root}/dir/file`, `${root}/dir/other`),
  'changes rights on the share': () => fs.chmodSync(`${root}/dir/file`, 0o777),
  'changes times on the share': () => fs.utimesSync(`${root}/dir/file`, 1, 1),
  'changes rights by number': () => fs.fchmodSync(numberOfRoot, 0o777),
  'opens for writing': () => fs.openSync(`${root}/dir/file`, 'r+'),
  'links a file of the share elsewhere': () => fs.linkSync(`${root}/dir/file`, `${outside}/link`),
  'writes outside': () => fs.writeFileSync(`${outside}/new`, 'x'),
  'starts a program': () => spawnSync('/bin/true').error?.message ?? 'started',
};

async function connects(): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1');
  return once(socket, 'connect').then(() => 'connected', said);
}

async function binds(): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  return once(socket, 'listening').then(() => 'bound', said);
}

const found: Record<string, string> = {};
for (const [name, attempt] of Object.entries(tries)) found[name] = outcome(attempt);
found['connects to a server'] = await connects();
found['listens on the network'] = await binds();
// The main thread first, then a thread: rights hold for both.
if (isMainThread) {
  fs.writeSync(3, `${JSON.stringify(found)}\n`);
  try {
    await once(new Worker(new URL(import.meta.url), { argv: [root, outside, port] }), 'exit');
  } catch (thrown) {
    fs.writeSync(3, `${JSON.stringify({ threads: said(thrown) })}\n`);
  }
} else {
  fs.writeSync(3, JSON.stringify(found));
}
process.exit();
