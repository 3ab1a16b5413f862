import { printable } from '../core/share-path.ts';
import { count, formatBytes, formatDuration } from '../core/units.ts';
import type { DeliveryEvent } from '../delivery/delivery-event.ts';
import type { OutageLine } from '../nightly/report-outages.ts';
import { clockTime } from './style.ts';

type OutageEvent = Extract<DeliveryEvent, { name: 'destination.away' | 'destination.back' }>;

/** What is said while it happens. */
export function outageSentence(event: OutageEvent, now: number): string {
  if (event.name === 'destination.back') {
    const { destination, since, until = now, probes } = event.outage;
    return `${destination} is back after ${lasted(since, until)}, asked ${times(probes)}`;
  }
  const { destination, error, probeAt, waiting } = event;
  return `${destination} is away: ${printable(error.message)} (${error.code})\n  ${amount(waiting)} ${verb(waiting)}; it is asked at ${clockTime(probeAt, now)} whether it is back`;
}

/** For each outage of the run: since when to when, how often it was asked, what waited, and what became of that. */
export function outageLines({
  outages,
  finishedAt,
}: {
  readonly outages: readonly OutageLine[];
  readonly finishedAt: number;
}): string[] {
  return outages.flatMap(({ destination, code, reason, since, until, probes, waited, waiting }) => {
    const end =
      until === undefined
        ? `since ${clockTime(since, finishedAt)}, and still`
        : `from ${clockTime(since, finishedAt)} to ${clockTime(until, finishedAt)} (${lasted(since, until)})`;
    return [
      `${destination}: away ${end}, asked ${times(probes)}: ${printable(reason)} (${code})`,
      `    ${amount(waited)} waited; ${outcome(waiting)}`,
    ];
  });
}

function outcome(waiting: OutageLine['waiting']): string {
  return waiting.batches === 0
    ? 'nothing waits for it any more.'
    : `${amount(waiting)} still ${verb(waiting)}, to go out when it is back.`;
}

const verb = ({ batches }: OutageLine['waiting']): string => (batches === 1 ? 'waits' : 'wait');
const times = (probes: number): string => count(probes, 'time');
const amount = ({ batches, bytes }: OutageLine['waiting']): string =>
  `${count(batches, 'batch', 'batches')} (${formatBytes(bytes)})`;
const lasted = (since: number, until: number): string =>
  formatDuration(Math.max(1000, Math.round((until - since) / 1000) * 1000));
