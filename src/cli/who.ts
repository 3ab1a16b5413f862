import { hostname, userInfo } from 'node:os';
import type { CliContext } from './context.ts';

/** The person at this command line, for the ledger: "anna on labserver", "anna (as nightjar) on labserver". */
export function whoAmI({ env }: Pick<CliContext, 'env'>): string {
  const user = nameOfUser();
  const behind = env['SUDO_USER'];
  const name = behind === undefined || behind === '' || behind === user ? user : `${behind} (as ${user})`;
  return `${name} on ${hostname()}`;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user often has no entry in its passwd file.
    return `uid ${process.geteuid?.() ?? 'unknown'}`;
  }
}
