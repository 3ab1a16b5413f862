import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IngestError } from '../../src/core/errors.ts';
import { createTokenStore } from '../../src/credentials/read-token.ts';

const VALUE = `${'a'.repeat(22)}.${'b'.repeat(43)}`;
const isRoot = process.getuid?.() === 0;

let root = '';
let dir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nightjar-tokens-'));
  dir = join(root, 'tokens');
  mkdirSync(dir);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(text: string, mode = 0o600, into = dir): string {
  const file = join(into, 'ada');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

const store = (env: Record<string, string> = {}) => createTokenStore({ dir, env });

async function refusal(): Promise<IngestError> {
  const problem = await store().check('ada');
  if (problem === undefined) throw new Error('the token was accepted');
  await expect(store().token('ada')).rejects.toThrow(problem.message);
  return problem;
}

describe('a token', () => {
  it('is the only line of its file, with or without a newline after it', async () => {
    for (const text of [VALUE, `${VALUE}\n`, `${VALUE}\r\n`]) {
      put(text);
      expect((await store().token('ada')).reveal()).toBe(VALUE);
      expect(await store().check('ada')).toBeUndefined();
    }
  });

  it('may be readable by its owner alone', async () => {
    put(VALUE, 0o400);

    expect((await store().token('ada')).reveal()).toBe(VALUE);
  });

  it('is read afresh, so that a new one counts at once', async () => {
    const tokens = store();
    put('old');
    await tokens.token('ada');
    put('new');

    expect((await tokens.token('ada')).reveal()).toBe('new');
  });

  it('of systemd comes first, the directory is looked at after it', async () => {
    const systemd = join(root, 'systemd');
    mkdirSync(systemd);
    put('from-dir');
    const tokens = store({ CREDENTIALS_DIRECTORY: systemd });

    expect((await tokens.token('ada')).reveal()).toBe('from-dir');
    put('from-systemd', 0o400, systemd);
    expect((await tokens.token('ada')).reveal()).toBe('from-systemd');
  });

  it.runIf(isRoot)('of systemd may show the read bit of its access list, elsewhere not', async () => {
    const systemd = join(root, 'systemd');
    mkdirSync(systemd);
    put(VALUE, 0o440, systemd);
    put(VALUE, 0o440);

    expect(await store({ CREDENTIALS_DIRECTORY: systemd }).check('ada')).toBeUndefined();
    expect((await refusal()).code).toBe('TOKEN_UNSAFE');
  });

  it('may be reached by a symbolic link; the file it leads to is judged', async () => {
    const real = join(root, 'real');
    writeFileSync(real, VALUE);
    symlinkSync(real, join(dir, 'ada'));

    chmodSync(real, 0o600);
    expect(await store().check('ada')).toBeUndefined();
    chmodSync(real, 0o644);
    expect((await refusal()).code).toBe('TOKEN_UNSAFE');
  });
});

describe('a token is refused', () => {
  it('when there is no file, with the file to write', async () => {
    const problem = await refusal();

    expect(problem.code).toBe('TOKEN_MISSING');
    expect(problem.hint).toContain(join(dir, 'ada'));
  });

  it.each([0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o601])(
    'when others have any right to it (%o), with the command that mends it',
    async (mode) => {
      const file = put(VALUE, mode);
      const problem = await refusal();

      expect(problem.code).toBe('TOKEN_UNSAFE');
      expect(problem.hint).toBe(`chmod 600 ${file}`);
    },
  );

  it.runIf(isRoot)('when it belongs to somebody else', async () => {
    chownSync(put(VALUE), 12_345, 12_345);

    expect(await refusal()).toMatchObject({ code: 'TOKEN_UNSAFE', hint: expect.stringContaining('chown') });
  });

  it.each([
    ['is empty', '', 'TOKEN_MISSING'],
    ['is a blank line', ' \n', 'TOKEN_MISSING'],
    ['has two lines', 'abc\ndef\n', 'TOKEN_UNSAFE'],
    ['has an empty line after it', 'abc\n\n', 'TOKEN_UNSAFE'],
    ['has a space inside', 'abc def', 'TOKEN_UNSAFE'],
    ['has a space around', ' abc', 'TOKEN_UNSAFE'],
    ['has a byte order mark', '\ufeffabc', 'TOKEN_UNSAFE'],
    ['has a control character', 'abc\u0000', 'TOKEN_UNSAFE'],
    ['is far too long', 'x'.repeat(5000), 'TOKEN_UNSAFE'],
  ])('when its file %s', async (_, text, code) => {
    put(text);

    expect((await refusal()).code).toBe(code);
  });

  it('when a directory or a pipe stands in its place, without waiting for anybody to write', async () => {
    mkdirSync(join(dir, 'ada'));
    expect((await refusal()).code).toBe('TOKEN_UNSAFE');
    rmSync(join(dir, 'ada'), { recursive: true });

    execFileSync('mkfifo', ['-m', '600', join(dir, 'ada')]);
    expect((await refusal()).code).toBe('TOKEN_UNSAFE');
  });

  it.each(['../ada', 'a/b', '', '.', VALUE.padEnd(70, 'c')])(
    'when its name is %j, which is not repeated',
    async (name) => {
      const problem = await store().check(name);

      expect(problem?.code).toBe('TOKEN_MISSING');
      expect(problem?.message).toBe('a token was asked for by something that is not a name of a file');
    },
  );

  it('without its value in anything that can be printed', async () => {
    for (const [text, mode] of [
      [`${VALUE}\nx`, 0o600],
      [`${VALUE} `, 0o600],
      [VALUE, 0o644],
    ] as const) {
      put(text, mode);
      const problem = await refusal();

      const printed = [inspect(problem, { depth: 9 }), JSON.stringify(problem.context), problem.hint].join();
      expect(printed).not.toContain('aaaa');
      expect(printed).not.toContain('bbbb');
    }
  });
});
