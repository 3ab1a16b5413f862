import type { OwnerId } from '../core/ids.ts';
import type { Day, Owner } from './mapping.ts';
import { daysAfter } from './owner-standing.ts';

/** A state of an owner that ends soon, or is over and still written down. */
export type Reminder = {
  readonly owner: OwnerId;
  readonly state: 'opt_out' | 'paused' | 'leaves';
  readonly day: Day;
  /** A sentence for the manager. */
  readonly message: string;
};

/** So long before a day it is spoken of, days. */
const AHEAD_DAYS = 14;

/** What the manager should think of today, so that nothing that was meant to end is forgotten. */
export function remindersOf(owners: readonly Owner[], today: Day): Reminder[] {
  return owners.flatMap((owner) => [
    ...ofOptOut(owner, today),
    ...ofPause(owner, today),
    ...ofLeaving(owner, today),
  ]);
}

const isSoon = (day: Day, today: Day): boolean => day <= daysAfter(today, AHEAD_DAYS);

function ofOptOut({ id, optOut }: Owner, today: Day): Reminder[] {
  if (optOut === undefined || !isSoon(optOut.until, today)) return [];
  const { until, reason } = optOut;
  const message =
    today <= until
      ? `the opt-out of ${id} (${reason}) ends on ${until}: their data goes after that day, unless it is renewed`
      : `the opt-out of ${id} (${reason}) ended on ${until}: their data goes; renew opt_out, or take it out`;
  return [{ owner: id, state: 'opt_out', day: until, message }];
}

function ofPause({ id, paused }: Owner, today: Day): Reminder[] {
  if (paused?.until === undefined || !isSoon(paused.until, today)) return [];
  const { until, reason } = paused;
  const message =
    today <= until
      ? `the pause of ${id} (${reason}) ends on ${until}`
      : `the pause of ${id} (${reason}) ended on ${until}: take paused out`;
  return [{ owner: id, state: 'paused', day: until, message }];
}

function ofLeaving({ id, leaves }: Owner, today: Day): Reminder[] {
  if (leaves === undefined || !isSoon(leaves.on, today)) return [];
  const { on, successor, collectorAfterDays } = leaves;
  const message =
    today <= on ? `${id} leaves on ${on}: ${after(leaves)}` : `${id} left on ${on}: ${after(leaves)}`;
  // Once it is all arranged and done there is nothing to think of.
  const isDone =
    today > on &&
    (successor !== undefined ||
      (collectorAfterDays !== undefined && today > daysAfter(on, collectorAfterDays)));
  return isDone ? [] : [{ owner: id, state: 'leaves', day: on, message }];
}

function after({ on, successor, collectorAfterDays }: NonNullable<Owner['leaves']>): string {
  if (successor !== undefined) return `later data goes to ${successor}`;
  return collectorAfterDays === undefined
    ? 'later data is held until a successor is named'
    : `later data is held until ${daysAfter(on, collectorAfterDays)}, then the collector gets it`;
}
