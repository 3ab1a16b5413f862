import type { Config } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import { neverMatching } from '../ownership/never-matching.ts';

/**
 * Refuses (CONFIG_INVALID) a mapping with rules that can never decide because an earlier one takes all they could
 * match: a hold that never holds would let data go to somebody.
 */
export function checkMapping({ mapping }: Pick<Config, 'mapping'>): void {
  const problems = neverMatching(mapping).map(
    ({ rule, at, reason }) => `${at}: ${rule} can never decide: ${reason}`,
  );
  if (problems.length === 0) return;
  throw new IngestError(
    'CONFIG_INVALID',
    `the folder mapping has rules without effect:\n${problems.join('\n')}`,
    {
      hint: 'Move the narrower rule before the wider one, or delete it. `nightjar explain PATH` shows what decides.',
      context: { problems },
    },
  );
}
