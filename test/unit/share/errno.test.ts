import { describe, expect, test } from 'vitest';
import { errnoName, saysOpenElsewhere } from '../../../src/share/errno.ts';

describe('a file that another program has open', () => {
  test.each(['EBUSY', 'ETXTBSY', 'EAGAIN', 'EWOULDBLOCK'])('is told by %s', (errno) => {
    expect(saysOpenElsewhere(errno)).toBe(true);
  });

  test('is not one that cannot be read or is gone', () => {
    expect(['EACCES', 'ENOENT', 'ELOOP', 'EIO'].filter(saysOpenElsewhere)).toEqual([]);
  });
});

describe('errnoName', () => {
  test.each([
    [-2, 'ENOENT'],
    [-13, 'EACCES'],
    [-112, 'EHOSTDOWN'],
    [-116, 'ESTALE'],
    [-117, 'EUCLEAN'],
    [-5000, 'errno 5000'],
  ])('names %i', (errno, name) => {
    expect(errnoName(Object.assign(new Error('failed'), { errno, code: 'Unknown system error' }))).toBe(name);
  });

  test('has no name for what is no failed system call', () => {
    expect(errnoName(new TypeError('a defect'))).toBeUndefined();
    expect(errnoName('text')).toBeUndefined();
    expect(errnoName(undefined)).toBeUndefined();
  });
});
