import { count } from '../core/units.ts';
import type { RequeueResult } from '../ledger/requeues.ts';
import { dayAndTime } from './style.ts';

export const REQUEUES_TITLE = 'What was put back, and what came of it';

/** One sentence: what a requeue put back, and what came of each batch. */
export function sayRequeue(result: RequeueResult): string {
  const { code, at, by, batches } = result;
  return `requeue of ${code ?? 'delivered batches'}, ${dayAndTime(at)} by ${by}: ${[count(batches, 'batch', 'batches'), ...fates(result)].join(', ')}.`;
}

function fates({
  delivered,
  accepted,
  again,
  otherwise,
  replanned,
  underway,
}: RequeueResult): readonly string[] {
  const counted: readonly (readonly [number, string])[] = [
    [delivered, 'delivered'],
    [again, 'failed again the same way'],
    ...Object.entries(otherwise).map(([code, batches]) => [batches, `failed with ${code}`] as const),
    [accepted, 'accepted but not confirmed yet'],
    [replanned, 'planned anew in other batches'],
    [underway, 'on the way'],
  ];
  return counted.flatMap(([batches, what]) => (batches === 0 ? [] : [`${batches} ${what}`]));
}

/** For the preview of another one. */
export const sayLast = (results: readonly RequeueResult[]): string[] =>
  results.map((result) => `The last ${sayRequeue(result)}`);

export function requeueLines(results: readonly RequeueResult[]): string[] {
  return results.map((result) => {
    const said = sayRequeue(result);
    return `${said[0]?.toUpperCase() ?? ''}${said.slice(1)}`;
  });
}
