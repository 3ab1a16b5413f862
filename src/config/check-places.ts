import { parseDuration } from '../core/units.ts';
import type { Outline, Place } from './outline.ts';
import type { Finding } from './problem.ts';

/** sun_path holds 108 bytes on Linux with its NUL (unix(7)); Redis needs a little room beside the name. */
const MAX_SOCKET_PATH_BYTES = 100;

/** Directories of nightjar.yaml that get in each other's way, and values that contradict each other. */
export function checkPlaces(outline: Outline): Finding[] {
  return [
    ...checkSocket(outline.stateDir),
    ...outline.shares.flatMap((share, index) => checkShare(outline, share, index)),
    ...(outline.destinations ?? []).flatMap((destination) =>
      destination.kind === 'directory' ? checkDestination(outline, destination) : [],
    ),
    ...checkRetry(outline),
  ];
}

function checkSocket(stateDir: Place): Finding[] {
  const bytes = Buffer.byteLength(`${stateDir.dir ?? ''}/redis/redis.sock`);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return [];
  const message = `expected a shorter path: the socket redis/redis.sock below it may have ${MAX_SOCKET_PATH_BYTES} bytes, found ${bytes} (${stateDir.dir})`;
  return [{ path: stateDir.path, message }];
}

function checkShare(outline: Outline, share: Place, index: number): Finding[] {
  const findings: Finding[] = [];
  const state = overlap(share, outline.stateDir);
  if (state !== undefined) {
    findings.push({
      path: share.path,
      message: `expected a share apart from the state directory, found ${share.dir} ${state} ${outline.stateDir.dir}`,
    });
  }
  for (const earlier of outline.shares.slice(0, index)) {
    const how = overlap(share, earlier);
    if (how === undefined) continue;
    const message = `expected shares apart from each other, found ${share.dir} ${how} ${earlier.dir} of share "${earlier.name}": its files would be delivered twice`;
    findings.push({ path: share.path, message });
  }
  return findings;
}

function checkDestination(outline: Outline, destination: Place): Finding[] {
  return outline.shares.flatMap((share) => {
    const how = overlap(destination, share);
    if (how === undefined) return [];
    const message = `expected a directory apart from every share, found ${destination.dir} ${how} ${share.dir} of share "${share.name}": what is delivered would be collected again`;
    return [{ path: destination.path, message }];
  });
}

function checkRetry(outline: Outline): Finding[] {
  const first = durationOf(outline.retry['retry_first']);
  const max = durationOf(outline.retry['retry_max']);
  if (first === undefined || max === undefined || first <= max) return [];
  const message = `expected a pause no shorter than retry_first (${String(outline.retry['retry_first'])}), found "${String(outline.retry['retry_max'])}"`;
  return [{ path: ['deliveries', 'retry_max'], message }];
}

function durationOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}

/** How two directories overlap, by their names: "is", "inside", "around"; undefined when they do not. */
function overlap(one: Place, other: Place): string | undefined {
  if (one.dir === undefined || other.dir === undefined) return undefined;
  if (one.dir === other.dir) return 'which is the same as';
  if (isBelow(one.dir, other.dir)) return 'inside';
  return isBelow(other.dir, one.dir) ? 'around' : undefined;
}

const isBelow = (dir: string, above: string): boolean => above === '/' || dir.startsWith(`${above}/`);
