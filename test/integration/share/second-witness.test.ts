import { chdir, cwd } from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { isListed, namesAgain, witnessOf } from '../../../src/share/second-witness.ts';
import { buildShare } from '../../support/build-share.ts';

const home = cwd();
afterEach(() => chdir(home));

/** The walk's paths are below its working directory. */
async function standingIn(tree: Parameters<typeof buildShare>[0]): ReturnType<typeof buildShare> {
  const share = await buildShare(tree);
  chdir(share.root);
  return share;
}

describe('what is not there when it is asked for', () => {
  test('is gone when its directory does not list it any more', async () => {
    await using share = await standingIn({ 'SEM1/a/x': '1' });
    expect(isListed('SEM1/a/x')).toBe(true);

    await share.remove('SEM1/a/x');

    expect(isListed('SEM1/a/x')).toBe(false);
  });

  test('is gone with the directories above it, however many of them', async () => {
    await using share = await standingIn({ 'SEM1/a/b/c/x': '1', 'TEM/y': '1' });

    await share.remove('SEM1');

    expect(isListed('SEM1/a/b/c/x')).toBe(false);
    expect(namesAgain('SEM1/a/b/c')).toBeUndefined();
  });

  test('trap 1: is unknown, not gone, when something that is no directory is in its way but is still listed', async () => {
    await using share = await standingIn({ 'SEM1/a/x': '1' });
    await share.remove('SEM1/a');
    await share.put({ 'SEM1/a': 'a file now' });

    expect(namesAgain('SEM1/a')).toEqual({ error: 'ENOTDIR' });
  });

  test('is asked of the directory as it is now, and of a great many names with few listings', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `f${at}`);
    await using share = await standingIn(Object.fromEntries(names.map((name) => [`SEM1/${name}`, ''])));
    const isThere = witnessOf('SEM1/');
    const there = names.slice(0, 50).filter(isThere);

    await share.remove('SEM1/f99');
    await share.remove('SEM1/f0');

    expect(there).toHaveLength(50);
    expect(witnessOf('SEM1/')('f0')).toBe(false);
    expect(isThere('f98')).toBe(true);
  });
});
