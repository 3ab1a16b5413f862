import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { secretsIn, seenOfProcess, textBelow } from '../support/find-secrets.ts';
import { follow } from '../support/follow.ts';
import { LAUNCHER, type Lab } from '../support/lab.ts';
import { bearerOf, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const FOLDERS = `rules:
  - { match: "{instrument}/mueller/{dataset}/**", owner: mueller }
  - { match: "{instrument}/schmidt/{dataset}/**", owner: schmidt }
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;
const PASSWORD = 'pässword & "quoted" 100% <s3cret>';

type TokenLab = Lab & { readonly tokens: readonly string[] };

/** An upload token, a bearer and another upload token, and the log at its most talkative. */
async function labAt(nomad: NomadServer): Promise<TokenLab> {
  const tokens = [nomad.tokenOf('alice'), bearerOf(nomad, 'bob'), nomad.tokenOf('collector')];
  const [mueller = '', schmidt = '', collector = ''] = tokens;
  const lab = await nomadLab(nomad, {
    folders: FOLDERS,
    extra: 'log: { level: debug }',
    tokens: { mueller, schmidt, collector },
  });
  for (const owner of ['mueller', 'schmidt', 'nobody']) await lab.put(`SEM1/${owner}/a/1`, owner);
  return { ...lab, tokens };
}

/** Starts `nightjar` with something in its environment. */
function startWith(lab: Lab, env: Readonly<Record<string, string>>, args: readonly string[]) {
  const child = spawn(LAUNCHER, args, { cwd: lab.root, env: { ...process.env, ...env }, stdio: 'pipe' });
  const said = Promise.all([text(child.stdout), text(child.stderr)]).then((both) => both.join('\n'));
  return { child, said };
}

describe.each(['v1.3', 'v1.4'] as const)(
  'no secret is left behind at NOMAD %s, in any spelling,',
  (generation) => {
    it('by evenings whose requests fail in every way that repeats them', async () => {
      await using nomad = await startNomadServer({ generation });
      await using lab = await labAt(nomad);
      // A redirect, a proxy's page and a platform that quotes what it was sent.
      nomad.fault = ({ path, query, headers, index }) => {
        if (path === '/openapi.json') return undefined;
        const location = `http://127.0.0.1:1${path}?${query.toString()}`;
        const sent = `${headers.authorization ?? ''} ${String(headers['upload-token'] ?? '')} ${location}`;
        const kinds = [
          { kind: 'answer', status: 307, headers: { location, 'x-sent': sent } },
          { kind: 'answer', status: 502, body: `<html>cannot reach ${sent}</html>` },
          { kind: 'answer', status: 401, body: JSON.stringify({ detail: `no: ${sent}` }) },
          { kind: 'answer', status: 200, body: `log in first: ${sent}` },
          { kind: 'reset' },
        ] as const;
        return kinds[index % kinds.length];
      };

      const run = startWith(lab, { NODE_DEBUG: 'undici,http,net,tls,fetch' }, ['run']);
      const ran = await run.said;
      const serve = follow(lab, 'serve');
      await serve.says('tokens.checked');
      const seen = await seenOfProcess(serve.child.pid ?? 0);
      await serve.stop();
      const others = await Promise.all(
        [['why'], ['status'], ['check'], ['token', 'check'], ['token', 'inspect']].map(
          async (args) => await lab.nightjar(...args),
        ),
      );

      const state = await textBelow(join(lab.root, 'state'));
      const left = [ran, serve.text(), seen, state, ...others.map(({ out, err }) => out + err)].join('\n');
      // What was searched is really there: log, ledger, Redis, processes.
      for (const part of ['mueller', 'ledger.db', 'appendonly', 'redis-server', 'TOKEN_REJECTED'])
        expect(left.includes(part), part).toBe(true);
      expect(secretsIn(left, lab.tokens)).toEqual([]);
    });

    it('by a crash with requests on their way: its last words, its report, its arguments', async () => {
      await using nomad = await startNomadServer({ generation });
      await using lab = await labAt(nomad);
      const crash = join(lab.root, 'crash.mjs');
      await writeFile(crash, "process.on('SIGUSR2', () => { throw new Error('a crash of the test'); });\n");
      let stalled = 0;
      nomad.fault = ({ method, path }) => {
        if (method !== 'POST' || path !== '/uploads') return undefined;
        stalled += 1;
        return { kind: 'stall' };
      };

      const options = `--import=${crash} --report-uncaught-exception --report-directory=${lab.root}`;
      const run = startWith(lab, { NODE_OPTIONS: options, NIGHTJAR_DEBUG: '1' }, ['run']);
      await untilTrue(() => stalled >= 2, 'deliveries are on their way');
      const seen = await seenOfProcess(run.child.pid ?? 0);
      run.child.kill('SIGUSR2');
      const said = await run.said;

      const left = `${said}\n${seen}\n${await textBelow(lab.root)}`.replaceAll(
        /^.*\/tokens\/\w+\n.*$/gm,
        'the token files themselves',
      );
      expect(said.includes('a crash of the test'), said).toBe(true);
      expect(left.includes('javascriptStack')).toBe(true);
      expect(left.includes('the token files themselves')).toBe(true);
      expect(secretsIn(left, lab.tokens)).toEqual([]);
    });

    it('by a login that fails while the platform repeats all it was told', async () => {
      await using nomad = await startNomadServer({ generation });
      await using lab = await labAt(nomad);
      const access = nomad.appToken('alice', 3600);
      // Both forms of a detail, with what was sent in each spelling.
      const told = (path: string, headers: { authorization?: string | undefined }): string =>
        path === '/auth/token'
          ? `${PASSWORD} ${encodeURIComponent(PASSWORD)} ${new URLSearchParams({ password: PASSWORD }).toString()}`
          : String(headers.authorization);
      const said: string[] = [];
      const enrol = ['token', 'enrol', 'mueller'];
      for (const status of [422, 500]) {
        nomad.fault = ({ path, headers }) => {
          if (path === '/openapi.json') return undefined;
          const text = told(path, headers);
          const detail = status === 422 ? [{ loc: ['body'], msg: text, type: 'x', input: text }] : text;
          return { kind: 'answer', status, body: JSON.stringify({ detail }) };
        };
        const byPassword = await lab.nightjarWith(`${PASSWORD}\n`, ...enrol, '--user', 'alice', '--json');
        const byAccess = await lab.nightjarWith(`${access}\n`, ...enrol, '--access-token');
        expect([byPassword.code, byAccess.code]).not.toContain(0);
        said.push(byPassword.out, byPassword.err, byAccess.out, byAccess.err);
      }
      nomad.fault = ({ path }) => (path === '/auth/token' ? { kind: 'stall' } : undefined);
      const waiting = startWith(lab, {}, [...enrol, '--user', 'alice']);
      waiting.child.stdin.end(`${PASSWORD}\n`);
      await untilTrue(() => nomad.requests.at(-1)?.path === '/auth/token', 'it logs in');
      said.push(await seenOfProcess(waiting.child.pid ?? 0));
      const ended = once(waiting.child, 'exit');
      waiting.child.kill('SIGTERM');
      await ended;
      said.push(await waiting.said);

      const left = `${said.join('\n')}\n${await textBelow(join(lab.root, 'state'))}`;
      expect(left.includes('enrol')).toBe(true);
      expect(secretsIn(left, [PASSWORD, access])).toEqual([]);
    });

    it("by the command of an invitation, while it runs in the owner's shell", async () => {
      await using nomad = await startNomadServer({ generation });
      await using lab = await labAt(nomad);
      const { out: command } = await lab.nightjar('token', 'invite', 'mueller');
      nomad.fault = ({ path }) => (path === '/auth/token' ? { kind: 'stall' } : undefined);
      const shell = spawn('sh', ['-c', command], { stdio: 'pipe' });
      const ended = once(shell, 'exit');
      shell.stdin.end(`alice\n${PASSWORD}\n`);
      await untilTrue(() => nomad.requests.at(-1)?.path === '/auth/token', 'it logs in');

      const seen = await seenOfProcess(shell.pid ?? 0);
      await nomad.close();
      await ended;

      expect(seen).toContain('curl');
      expect(
        secretsIn(`${seen}${await readFile(join(lab.root, 'nightjar.yaml'), 'utf8')}`, [
          PASSWORD,
          ...lab.tokens,
        ]),
      ).toEqual([]);
    });
  },
);
