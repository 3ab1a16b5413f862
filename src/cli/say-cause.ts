import type { Config } from '../config/config.ts';
import { count } from '../core/units.ts';
import { nextEvening } from '../schedule/evenings.ts';
import type { Cause } from './find-causes.ts';
import { clockTime } from './style.ts';

type Times = Pick<Config, 'schedule' | 'settleWaitMs'> & { readonly now: number };

/** One sentence: what keeps it, since when, and the earliest time it can go. */
export function sayCause(cause: Cause, times: Times): string {
  const { overdue } = cause;
  const sentence = whatKeepsIt(cause, times);
  if (overdue === undefined) return sentence;
  return `${sentence} It has not settled for ${count(overdue.nights, 'night')}: perhaps ${overdue.guess}.`;
}

function whatKeepsIt({ reason, since, earliest, keep }: Cause, times: Times): string {
  const { now } = times;
  const when = `since ${clockTime(since, now)}`;
  if (keep?.goes !== undefined) return `${keep.what}, ${when}; ${keep.goes}.`;
  if (keep !== undefined)
    return `${keep.what}, ${when}; it can go in the evening of ${clockTime(eveningFor(earliest ?? now, times), now)} at the earliest.`;
  const bound = earliest === undefined || earliest <= now ? '' : `; not before ${clockTime(earliest, now)}`;
  return `${reason.replace(/\.$/, '')}, ${when}${bound}.`;
}

/** The first evening that can send what has settled at `earliest`: it waits for a while once it has begun. */
function eveningFor(earliest: number, { schedule, settleWaitMs, now }: Times): number {
  return nextEvening(schedule, Math.max(now, earliest - settleWaitMs) - 1);
}
