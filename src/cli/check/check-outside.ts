import type { Workspace } from '../../app/workspace.ts';
import type { Config, ShareConfig } from '../../config/config.ts';
import type { Clock } from '../../core/clock.ts';
import { asIngestError } from '../../core/errors.ts';
import { count } from '../../core/units.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { QUEUE_NAME } from '../../queue/batch-queue.ts';
import { connectRedis, withinDeadline } from '../../queue/connect-redis.ts';
import { EVICTION_CURE, evictionOf } from '../../queue/hide-policy.ts';
import { findRedis } from '../../queue/redis-process.ts';
import { isRefusal } from '../../queue/redis-refusal.ts';
import { nextEvening } from '../../schedule/evenings.ts';
import { proveShare, type ShareIdentity } from '../../share/prove-share.ts';
import { type Finding, findingOf, ok, problem, problemOf, warning } from './finding.ts';

const SHARE_MS = 15_000;
const REDIS_MS = 5000;

/** Proves a share as a run would; nothing below its root is looked at. */
export function checkShare(
  { ledger, clock }: Pick<Workspace, 'ledger' | 'clock'>,
  share: ShareConfig,
  signal: AbortSignal,
): Promise<Finding> {
  const about = `share ${share.name}`;
  return findingOf(about, async () => {
    const remembered = identityOf(ledger, share);
    const found = await proveShare(share, {
      ...{ deadlineMs: Math.min(share.stallMs, SHARE_MS), clock, signal },
      ...(remembered === undefined ? {} : { remembered }),
    });
    const from = found.source === '' ? found.fsType : `${found.source}, ${found.fsType}`;
    if (found.topLevel === 0)
      return warning(
        about,
        `${share.root} is proven (${from}), and empty but for its marker`,
        'Is it the right share? A run that sees no file never ends green.',
      );
    return ok(about, `${share.root} is proven (${from}); ${count(found.topLevel, 'name')} in its root.`);
  });
}

function identityOf(ledger: Ledger, { name }: ShareConfig): ShareIdentity | undefined {
  const json = ledger.identities.find(name);
  return json === undefined ? undefined : (JSON.parse(json) as ShareIdentity);
}

/** Embedded: is there a program to start? Outside: does it answer, take a write, and keep what it is given? */
export function checkRedis({ redis }: Pick<Config, 'redis'>, clock: Clock): Promise<Finding> {
  const { url } = redis;
  return findingOf('redis', async () => {
    if (url !== undefined) return askRedis(url, clock);
    const { name, version } = await findRedis();
    return ok('redis', `Nightjar will start its own: ${name} ${version}.`);
  });
}

async function askRedis(url: string, clock: Clock): Promise<Finding> {
  const { host } = new URL(url);
  const refused = Promise.withResolvers<never>();
  // Nobody may be waiting any more when the connection fails.
  refused.promise.catch(() => undefined);
  const link = connectRedis({ url }, { waitForRedis: false, onError: refused.reject });
  try {
    const info = await withinDeadline(
      { clock, ms: REDIS_MS, attempted: `reach Redis at ${host} and write a key` },
      link,
      async (signal) => {
        await Promise.race([link.ready(signal), refused.promise]);
        // One that is full, or a replica, answers every question and takes no job.
        await link.redis.set(`bull:${QUEUE_NAME}:check`, '1', 'PX', 1000);
        return link.redis.info();
      },
    );
    return judgeRedis(host, info);
  } catch (thrown) {
    const error = asIngestError(thrown, `reach Redis at ${host}`);
    if (isRefusal(error.cause)) return problemOf('redis', error);
    return problem(
      'redis',
      error.message,
      'Start it, or mend redis.url; without redis.url Nightjar starts a Redis of its own.',
    );
  } finally {
    link.abandon();
  }
}

/** What INFO says: its version, and whether it keeps what it is given. */
export function judgeRedis(host: string, info: string): Finding {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'of unknown version';
  const policy = evictionOf(info);
  if (policy === undefined) return ok('redis', `${host} answers: Redis ${version}.`);
  return warning(
    'redis',
    `${host} may forget jobs when its memory is full (maxmemory-policy ${policy})`,
    EVICTION_CURE,
  );
}

/** When the next evening is, in local time. */
export function checkSchedule({ schedule }: Pick<Config, 'schedule'>, now: number): Promise<Finding> {
  return findingOf('schedule', () => {
    const at = new Date(nextEvening(schedule, now));
    const there = at.toLocaleString('sv-SE', {
      timeZone: schedule.timezone,
      dateStyle: 'short',
      timeStyle: 'short',
    });
    const here = at.toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
    const local = there === here ? '' : ` (${here} here)`;
    return ok('schedule', `The next evening is ${there} ${schedule.timezone}${local}.`);
  });
}
