import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { IngestError } from '../../src/core/errors.ts';
import { diskError, errnoName } from '../../src/destinations/directory/disk-error.ts';

/** As Node makes them, with and without a name of libuv's. */
const named = (code: string) => Object.assign(new Error(`${code}: it failed`), { code, errno: -1 });
const unnamed = (errno: number) =>
  Object.assign(new Error('it failed'), { code: `Unknown system error ${errno}`, errno });

describe('a failure of the file system at a directory destination', () => {
  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EROFS', 'DESTINATION_UNUSABLE'],
    ['EACCES', 'DESTINATION_UNUSABLE'],
    ['ENOENT', 'DESTINATION_UNUSABLE'],
    ['ENOTDIR', 'TARGET_CONFLICT'],
    ['ELOOP', 'TARGET_CONFLICT'],
    ['EIO', 'DESTINATION_UNREACHABLE'],
    ['EMFILE', 'DESTINATION_BUSY'],
    ['ENAMETOOLONG', 'PATH_UNREPRESENTABLE'],
    ['EFBIG', 'FILE_TOO_LARGE'],
  ])('%s is %s, and says what was attempted', (errno, code) => {
    const cause = named(errno);

    const error = diskError(cause, 'write SEM1/a below /copies/ada');

    expect(error).toMatchObject({
      code,
      cause,
      message: `could not write SEM1/a below /copies/ada: ${errno}`,
    });
    expect(error.hint).not.toBe('');
  });

  it.each([
    ['EDQUOT', 'DISK_FULL'],
    ['ESTALE', 'DESTINATION_UNREACHABLE'],
  ] as const)('%s, which libuv has no name for, is %s', (errno, code) => {
    const thrown = unnamed(-constants.errno[errno]);

    expect(errnoName(thrown)).toBe(errno);
    expect(diskError(thrown, 'write').code).toBe(code);
  });

  it('passes an IngestError on as it is', () => {
    const error = new IngestError('FILE_CHANGED', 'SEM1/a changed', { hint: 'none' });

    expect(diskError(error, 'write')).toBe(error);
  });

  it.each([
    ['an errno nobody expected', named('EWEIRD')],
    ['anything else', 'a bare string'],
  ])('calls %s unexpected and keeps it as the cause', (_, thrown) => {
    expect(diskError(thrown, 'write')).toMatchObject({ code: 'UNEXPECTED', cause: thrown });
  });
});
