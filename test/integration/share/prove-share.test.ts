import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { shareName } from '../../../src/core/ids.ts';
import { DEFAULT_MARKER, type ProofOptions, proveShare } from '../../../src/share/prove-share.ts';
import { buildShare } from '../../support/build-share.ts';
import { shareChildren, until } from '../../support/share-children.ts';

const target = (root: string) => ({ name: shareName('lab'), root, marker: DEFAULT_MARKER });
const options = (more: Partial<ProofOptions> = {}): ProofOptions => ({
  deadlineMs: 30_000,
  clock: systemClock,
  signal: new AbortController().signal,
  ...more,
});
const failure = (proof: Promise<unknown>): Promise<unknown> =>
  proof.then(
    () => 'no failure',
    (error: unknown) => error,
  );

// Some tests must catch a process that lives for a tenth of a second: one that comes too late tries again.
describe('the proof of a share', { retry: 3 }, () => {
  test('gives an identity that the next proof accepts', async () => {
    await using share = await buildShare({ 'SEM1/x': '1', 'XRD/y': '2' });

    const identity = await proveShare(target(share.root), options());
    const again = await proveShare(target(share.root), options({ remembered: identity }));

    expect(identity).toMatchObject({ mounted: false, topLevel: 2, dirs: ['SEM1', 'XRD'] });
    expect(identity.fsType).toMatch(/^0x[0-9a-f]+ \w+$/);
    expect(identity.source).not.toBe('');
    expect(again).toEqual(identity);
    expect(JSON.parse(JSON.stringify(identity))).toEqual(identity);
  });

  test('sees that a real mount is one', async () => {
    const failed = await failure(proveShare(target('/proc'), options()));

    expect(failed).toMatchObject({ code: 'SHARE_NOT_PROVEN', message: expect.stringContaining('missing') });
    const wasProc = { device: 1, fsType: '0x9fa0 proc', source: 'proc', mounted: true, topLevel: 1 };
    await using share = await buildShare();
    expect(await failure(proveShare(target(share.root), options({ remembered: wasProc })))).toMatchObject({
      code: 'SHARE_NOT_PROVEN',
      message: expect.stringContaining('nothing is mounted there; expected proc'),
    });
  });

  test('fails without the marker, and says how to make it', async () => {
    await using share = await buildShare({ 'SEM1/x': '1' }, { marker: false });

    expect(await failure(proveShare(target(share.root), options()))).toMatchObject({
      code: 'SHARE_NOT_PROVEN',
      hint: expect.stringContaining(`touch ${share.path(DEFAULT_MARKER)}`),
    });
  });

  test('does not take a link for the marker', async () => {
    await using share = await buildShare({ x: '1', [DEFAULT_MARKER]: { symlink: 'x' } }, { marker: false });

    expect(await failure(proveShare(target(share.root), options()))).toMatchObject({
      code: 'SHARE_NOT_PROVEN',
    });
  });

  test('fails when everything beside the marker has gone', async () => {
    await using share = await buildShare({ 'SEM1/x': '1' });
    const remembered = await proveShare(target(share.root), options());

    await share.remove('SEM1');

    expect(await failure(proveShare(target(share.root), options({ remembered })))).toMatchObject({
      code: 'SHARE_NOT_PROVEN',
      message: expect.stringContaining('empty'),
    });
  });

  test('fails when another tree with a marker of its own took the place of the share', async () => {
    await using share = await buildShare({ 'SEM1/x': '1', 'TEM/x': '1', 'XRD/x': '1', 'K\udcf6rner/x': '1' });
    const remembered = await proveShare(target(share.root), options());
    for (const dir of ['SEM1', 'TEM', 'K\udcf6rner']) await share.remove(dir);
    await share.put({ 'backup/x': '1', 'home/y': '1', 'XRD/x': '1' });

    expect(remembered.dirs).toEqual(['K\u00f6rner', 'SEM1', 'TEM', 'XRD']);
    expect(await failure(proveShare(target(share.root), options({ remembered })))).toMatchObject({
      code: 'SHARE_NOT_PROVEN',
      message: expect.stringContaining('3 of 4 directories of its root are gone'),
    });
  });

  test('says that a root that is not there is unreachable', async () => {
    await using share = await buildShare();

    expect(await failure(proveShare(target(share.path('nothing')), options()))).toMatchObject({
      code: 'SHARE_UNREACHABLE',
    });
  });

  test('does not wait longer than its deadline for a share that hangs', async () => {
    await using share = await buildShare();

    const failed = failure(proveShare(target(share.root), options({ deadlineMs: 400 })));
    process.kill(await until(() => shareChildren('prove-child')[0]), 'SIGSTOP');

    expect(await failed).toMatchObject({ code: 'SHARE_UNREACHABLE', context: { errno: 'ETIMEDOUT' } });
    expect(await until(() => shareChildren('prove-child').length === 0)).toBe(true);
  });

  test('ends with the reason of an abort', async () => {
    await using share = await buildShare();
    const stop = new AbortController();

    const failed = failure(proveShare(target(share.root), options({ signal: stop.signal })));
    process.kill(await until(() => shareChildren('prove-child')[0]), 'SIGSTOP');
    stop.abort(new Error('shutting down'));

    expect(await failed).toMatchObject({ message: 'shutting down' });
  });

  test('fails when its process is killed', async () => {
    await using share = await buildShare();

    const failed = failure(proveShare(target(share.root), options()));
    process.kill(await until(() => shareChildren('prove-child')[0]), 'SIGKILL');

    expect(await failed).toMatchObject({ code: 'INTERRUPTED' });
  });
});
