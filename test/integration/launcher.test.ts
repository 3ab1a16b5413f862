import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAUNCHER } from '../support/lab.ts';

/** Runs `nightjar --version` with nothing in its environment but this. */
function start(env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, ['--version'], {
    env: { PATH: '/usr/bin:/bin', ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function tempDir(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'nightjar-launcher-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const WORKS = { status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' };

describe('the launcher', () => {
  it('keeps compiled code in the cache directory of its user, closed to others', () => {
    using home = tempDir();

    const said = start({ HOME: home.path });

    const cache = join(home.path, '.cache', 'nightjar');
    expect(said).toEqual(WORKS);
    expect(readdirSync(cache, { recursive: true }).length).toBeGreaterThan(10);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  it('keeps it where systemd says', () => {
    using home = tempDir();
    using given = tempDir();

    expect(start({ HOME: home.path, CACHE_DIRECTORY: given.path })).toEqual(WORKS);

    expect(readdirSync(given.path).length).toBeGreaterThan(0);
    expect(readdirSync(home.path)).toEqual([]);
  });

  it('runs without a cache where there is no home, or it cannot be written', () => {
    expect(start({})).toEqual(WORKS);
    expect(start({ HOME: '/proc' })).toEqual(WORKS);
  });

  it.skipIf(process.geteuid?.() !== 0)('uses no cache that belongs to somebody else', () => {
    using home = tempDir();
    const cache = join(home.path, '.cache', 'nightjar');
    mkdirSync(cache, { recursive: true });
    chownSync(cache, 1234, 1234);

    expect(start({ HOME: home.path })).toEqual(WORKS);

    expect(readdirSync(cache)).toEqual([]);
  });
});
