import { ERROR_CODES } from '../core/errors.ts';
import type { Note } from '../nightly/tally.ts';

/** " (QUOTA_EXCEEDED)": the code by which docs/errors.md explains it; empty for what is no error. */
export function errorCodeOf({ code }: Pick<Note, 'code'>): string {
  return code !== undefined && code in ERROR_CODES ? ` (${code})` : '';
}
