import { describe, expect, test } from 'vitest';
import { errnoName } from '../../../src/share/errno.ts';

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
