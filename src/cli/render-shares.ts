import { printable } from '../core/share-path.ts';
import type { LookedAt } from './last-look.ts';
import { clockTime } from './style.ts';

/** When a share was last looked at, and what is wrong with it. */
export function lookLines({ share, at, offline, suspicion }: LookedAt, now: number): string[] {
  const lines = [
    at === undefined
      ? `Share ${share} has never been looked at.`
      : `Share ${share} was last looked at in the run of ${clockTime(at, now)}.`,
  ];
  if (offline !== undefined) {
    const { since, problem } = offline;
    lines.push(
      `    OFFLINE since ${clockTime(since, now)}: ${printable(problem.message)} (${problem.code})`,
      `    ${printable(problem.hint)}`,
    );
  }
  if (suspicion !== undefined)
    lines.push(
      `    NOT BELIEVED since ${clockTime(suspicion.since, now)}: ${printable(suspicion.reason)}`,
      `    ${suspicion.help}`,
    );
  return lines;
}

/** The JSON form (docs/json.md). */
export function lookJson({ share, at, offline, suspicion }: LookedAt): object {
  return {
    ...{ share, lookedAt: at ?? null },
    ...(offline === undefined ? {} : { problem: offline.problem, offlineSince: offline.since }),
    ...(suspicion === undefined ? {} : { suspicion }),
  };
}
