import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { shareName } from '../../../src/core/ids.ts';
import { type SharePath, sharePath } from '../../../src/core/share-path.ts';
import { type TryOptions, tryOpen } from '../../../src/share/try-open.ts';
import { type BuiltShare, buildShare } from '../../support/build-share.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { holdOpen } from '../../support/hold-open.ts';

const options = (changes: Partial<TryOptions> = {}): TryOptions => ({
  ...{ deadlineMs: 30_000, clock: systemClock, signal: new AbortController().signal },
  ...changes,
});

const tried = ({ root }: BuiltShare, paths: readonly string[], changes?: Partial<TryOptions>) =>
  tryOpen({ name: shareName('lab'), root }, paths.map(sharePath), options(changes));

describe('trying to open a file', () => {
  it('tells which files another program has open', async () => {
    await using share = await buildShare({ 'a.czi': 'a', 'b.czi': 'b', 'K\udcf6rner.czi': 'k' });
    await using _ = await holdOpen(share.path('b.czi'));

    const answer = await tried(share, ['a.czi', 'b.czi', 'K\udcf6rner.czi']);

    expect([...answer]).toEqual([['b.czi', 'busy']]);
  });

  it('says nothing of what is gone, cannot be read, is a link, a pipe or a directory, and waits for none of it', async () => {
    await using share = await buildShare({
      'closed.czi': { content: 'x', mode: 0o000 },
      'link.czi': { symlink: '/etc/passwd' },
      'pipe.czi': { fifo: true },
      'dir.czi/x': 'x',
    });

    expect(
      await tried(share, ['gone.czi', 'closed.czi', 'link.czi', 'pipe.czi', 'dir.czi', 'no/way.czi']),
    ).toEqual(new Map());
  });

  it('never opens a file without blocks, which may be a stub on tape', async () => {
    await using share = await buildShare({ 'stub.czi': { size: 1_000_000 }, 'data.czi': 'x' });
    await using held = new AsyncDisposableStack();
    for (const name of ['stub.czi', 'data.czi']) held.use(await holdOpen(share.path(name)));

    expect(execFileSync('stat', ['-c', '%b', share.path('stub.czi')], { encoding: 'utf8' }).trim()).toBe('0');
    expect([...(await tried(share, ['stub.czi', 'data.czi']))]).toEqual([['data.czi', 'busy']]);
  });

  it('counts everything as not tried when the share says nothing in time', async () => {
    await using share = await buildShare({ 'a.czi': 'a' });

    expect([...(await tried(share, ['a.czi'], { clock: new FakeClock(0) }))]).toEqual([['a.czi', 'silent']]);
  });

  it('ends with the signal', async () => {
    await using share = await buildShare({ 'a.czi': 'a' });

    await expect(tried(share, ['a.czi'], { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
  });
});

describe('paths', () => {
  it('are given back as they were', async () => {
    await using share = await buildShare({ 'ü/ö.czi': 'a' });
    await using _ = await holdOpen(share.path('ü/ö.czi'));

    const path: SharePath = sharePath('ü/ö.czi');
    expect((await tried(share, [path])).get(path)).toBe('busy');
  });
});
