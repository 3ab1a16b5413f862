import type { IngestError } from '../core/errors.ts';
import type { RunOutcome } from '../nightly/run-outcome.ts';

/** What the process says when it ends; listed in docs/operations.md. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  /** It ran, but something is held, rejected or unreadable. */
  attention: 3,
  usage: 64,
  /** All was done, but standard output could not be written. */
  unsaid: 74,
  /** Try again later: nothing is wrong with what was asked. */
  temporary: 75,
  configuration: 78,
  interrupted: 130,
  terminated: 143,
} as const;

export function exitCodeOfRun(outcome: RunOutcome): number {
  switch (outcome) {
    case 'done':
      return EXIT.done;
    case 'attention':
    case 'empty':
    case 'no-owners':
    case 'ownerless':
      return EXIT.attention;
    case 'waiting':
    case 'first':
    case 'cut':
      return EXIT.temporary;
    case 'unbalanced':
      return EXIT.unexpected;
  }
}

const CONFIGURATION: readonly string[] = [
  'CONFIG_INVALID',
  'MAPPING_NOT_ACCEPTED',
  'TOKEN_MISSING',
  'TOKEN_UNSAFE',
  'TOKEN_REJECTED',
  'ACCOUNT_SHARED',
  'REDIS_MISSING',
  'STATE_DIR_UNUSABLE',
  'LEDGER_TOO_NEW',
  'LEDGER_CORRUPT',
  'HISTORY_BROKEN',
  'CERTIFICATE_INVALID',
];

export function exitCodeOfError(error: IngestError): number {
  if (error.code === 'USAGE') return EXIT.usage;
  if (CONFIGURATION.includes(error.code)) return EXIT.configuration;
  if (error.disposition === 'retry' || error.code === 'DISK_FULL') return EXIT.temporary;
  return EXIT.unexpected;
}
