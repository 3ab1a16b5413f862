import { COLLECTOR, type DestinationName, type OwnerId } from '../core/ids.ts';
import type { CollectorCode, HoldCode } from '../core/owner-reason.ts';
import { utcDay } from '../core/utc.ts';
import type { Circumstances } from './circumstances.ts';
import type { Day, Owner } from './mapping.ts';

/** What becomes today of data that a rule gives to somebody. */
export type Standing =
  | {
      readonly kind: 'receives';
      readonly owner: OwnerId;
      /** Whom the rule means, where that is somebody else, and why. */
      readonly insteadOf?: OwnerId;
      readonly reason?: string;
      readonly code?: CollectorCode;
    }
  | {
      readonly kind: 'manual';
      readonly owner: OwnerId;
      readonly reason: string;
      readonly help: string;
    }
  | {
      readonly kind: 'held';
      readonly owner: OwnerId;
      readonly code: HoldCode;
      readonly reason: string;
      readonly help: string;
      readonly earliest?: number;
    };

type Asked = {
  readonly instrument: string;
  readonly destination: DestinationName;
  readonly withoutToken: 'hold' | 'collector';
};
type Known = {
  readonly owners: ReadonlyMap<OwnerId, Owner>;
  readonly around: Pick<Circumstances, 'today' | 'endOf' | 'credential'>;
};

/**
 * First what the owner wishes, then whether they are still here, then whether they can receive anything: so that
 * nobody's wish is passed over because they left, or because a token is missing.
 */
export function standingOf(owner: OwnerId, asked: Asked, known: Known): Standing {
  if (owner === COLLECTOR) return { kind: 'receives', owner };
  const { endOf } = known.around;
  const today = known.around.today();
  const person = today === undefined ? undefined : known.owners.get(owner);
  if (today === undefined || person === undefined) return withCredential(owner, asked, known);
  const optOut = person.optOut;
  if (optOut !== undefined && counts(optOut, asked.instrument, today))
    return {
      kind: 'held',
      owner,
      code: 'OPTED_OUT',
      earliest: endOf(optOut.until),
      reason: `${owner} opted out until ${optOut.until}: ${optOut.reason}`,
      help: `It goes by itself after that day. If they agree before: take opt_out out of owner ${owner}.`,
    };
  if (person.leaves !== undefined && today > person.leaves.on)
    return afterLeaving(owner, person.leaves, asked, { ...known, today });
  if (person.paused !== undefined && isPaused(person.paused, today))
    return paused(owner, person.paused, endOf);
  return withCredential(owner, asked, known);
}

function counts(
  { until, instruments }: NonNullable<Owner['optOut']>,
  instrument: string,
  today: Day,
): boolean {
  return today <= until && (instruments === undefined || instruments.includes(instrument));
}

export const isPaused = ({ until }: NonNullable<Owner['paused']>, today: Day): boolean =>
  until === undefined || today <= until;

function paused(
  owner: OwnerId,
  { until, reason }: NonNullable<Owner['paused']>,
  endOf: Circumstances['endOf'],
): Standing {
  const base = { kind: 'held', owner, code: 'PAUSED' } as const;
  const help = `To let it go: take paused out of owner ${owner}.`;
  return until === undefined
    ? { ...base, reason: `${owner} is paused: ${reason}`, help }
    : { ...base, reason: `${owner} is paused until ${until}: ${reason}`, earliest: endOf(until), help };
}

function afterLeaving(
  owner: OwnerId,
  { on, successor, collectorAfterDays }: NonNullable<Owner['leaves']>,
  asked: Asked,
  { today, ...known }: Known & { readonly today: Day },
): Standing {
  const left = `${owner} left on ${on}`;
  if (successor !== undefined) {
    const next = standingOf(successor, asked, known);
    const reason = `${left}, the successor is ${successor}`;
    const why = next.reason === undefined ? reason : `${reason}; ${next.reason}`;
    return next.kind === 'receives' ? { ...next, reason: why, insteadOf: owner } : { ...next, reason: why };
  }
  const { endOf } = known.around;
  const last = collectorAfterDays === undefined ? undefined : daysAfter(on, collectorAfterDays);
  if (last !== undefined && today > last)
    return {
      kind: 'receives',
      owner: COLLECTOR,
      insteadOf: owner,
      code: 'OWNER_LEFT',
      reason: `${left}, held until ${last} and not claimed`,
    };
  const base = { kind: 'held', owner, code: 'OWNER_LEFT' } as const;
  const help = `Name a successor for owner ${owner}: leaves: { on: ${on}, successor: ID }.`;
  return last === undefined
    ? { ...base, reason: `${left} and has no successor`, help }
    : { ...base, reason: `${left}; after ${last} the collector gets it`, earliest: endOf(last), help };
}

function withCredential(owner: OwnerId, asked: Asked, { owners, around }: Known): Standing {
  if (owners.get(owner)?.manual === true)
    return {
      ...{ kind: 'manual', owner, reason: `${owner} uploads by hand` },
      help: `To have it delivered: take manual out of owner ${owner}.`,
    };
  const unusable = around.credential(owner, asked.destination);
  if (unusable === undefined) return { kind: 'receives', owner };
  const { message, help } = unusable;
  if (asked.withoutToken === 'collector')
    return { kind: 'receives', owner: COLLECTOR, insteadOf: owner, code: 'NO_TOKEN', reason: message };
  return { kind: 'held', owner, code: 'NO_TOKEN', reason: message, help };
}

/** The day that is `days` later; days have no time zone. */
export function daysAfter(day: Day, days: number): Day {
  return utcDay(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000);
}
