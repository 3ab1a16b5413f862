import { systemCode } from '../core/errors.ts';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  EACCES: 'this account may not',
  EPERM: 'this account may not',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
};

/** Why the system refused a file, for a person; the code stays beside it, for who looks it up. */
export function systemWords(thrown: unknown): string {
  const code = systemCode(thrown);
  if (code === undefined) return 'for no reason that the system told';
  const words = WORDS[code];
  return words === undefined ? `the system says ${code}` : `${words} (${code})`;
}
