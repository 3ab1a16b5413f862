import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { Pause } from '../ledger/pauses.ts';
import { clockTime } from './style.ts';

/** One line for each pause: what, why, since when and until when. */
export function pauseLines(pauses: readonly Pause[], now: number): string[] {
  return pauses.map(({ kind, name, reason, since, until, code, probes, probeAt = now }) => {
    if (probes !== undefined)
      return `destination ${name} is away: ${printable(reason)} (${code}), since ${clockTime(since, now)}; asked ${count(probes, 'time')}, next at ${clockTime(probeAt, now)}`;
    const end = until === undefined ? '' : `, until ${clockTime(until, now)}`;
    const by = code === undefined ? '' : ` (${code}; ends by itself when the cause is gone)`;
    return `${kind} ${name}: ${printable(reason)}${by}, since ${clockTime(since, now)}${end}`;
  });
}

/** The JSON form of pauses (docs/json.md). */
export function pausesJson(pauses: readonly Pause[]): object[] {
  return pauses.map(({ kind, name, reason, since, until, code, probes, probeAt }) => ({
    ...{ kind, name, reason, since },
    ...(until === undefined ? {} : { until }),
    ...(code === undefined ? {} : { code }),
    ...(probes === undefined ? {} : { probes, probeAt }),
  }));
}
