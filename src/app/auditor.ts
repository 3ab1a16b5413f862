import type { Clock } from '../core/clock.ts';
import { createTokenStore } from '../credentials/read-token.ts';
import { type AuditOptions, auditDeliveries } from '../delivery/audit-deliveries.ts';
import type { DeliveryEvent } from '../delivery/delivery-event.ts';
import { localDay } from '../schedule/local-day.ts';
import { ownerToken } from './owner-token.ts';
import type { Workspace } from './workspace.ts';

export type Auditor = {
  /** A sample now; what is not said is as configured, and anything delivered before now may be drawn: answers of how many. */
  readonly round: (options: Partial<AuditOptions>, signal: AbortSignal) => Promise<number>;
  /** The same when one is due, whatever persons asked for meanwhile: of what was delivered at least so long ago. */
  readonly whenDue: (signal: AbortSignal) => Promise<void>;
};

type AuditorParts = {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: (event: DeliveryEvent) => void;
};

/** An evening does not come to the end of the same work at the same minute every week. */
const NEARLY = 0.9;

/** The report of an evening waits for it no longer. */
const LONGEST_MS = 30 * 60_000;

/** Asks destinations for old deliveries, with each owner's own credential. */
export function createAuditor(workspace: Workspace, { clock, env, emit }: AuditorParts): Auditor {
  const { config, ledger } = workspace;
  const { everyMs, batches, maxBytes } = config.audit;
  const store = createTokenStore({ dir: config.credentials.dir, env });
  const parts = {
    ...{ ledger, clock, emit, destination: workspace.destination },
    token: (batch: Parameters<typeof ownerToken>[2]) =>
      ownerToken({ ...config, mapping: workspace.mapping.current().mapping }, store, batch),
  };
  const round: Auditor['round'] = (options, signal) => {
    const seed = localDay(clock.now(), config.schedule.timezone);
    const defaults = { batches, maxBytes, before: clock.now(), seed };
    return auditDeliveries(parts, { ...defaults, ...options }, signal);
  };
  const isDue = (): boolean => {
    const last = ledger.reaudits.lastRound(clock.now());
    return everyMs > 0 && (last === undefined || clock.now() - last >= NEARLY * everyMs);
  };
  return {
    round,
    whenDue: async (signal) => {
      if (!isDue()) return;
      await round({ before: clock.now() - everyMs, maxMs: LONGEST_MS, isRound: true }, signal);
    },
  };
}
