import { IngestError } from '../core/errors.ts';
import { parseDuration } from '../core/units.ts';

const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * An instant as people write it, in ms since 1970: "2d" from now (`ahead`) or before now (`ago`), "2026-11-20",
 * "2026-11-20 18:00" in local time. Throws USAGE for anything else, and for one on the wrong side of now.
 */
export function parseWhen(text: string, now: number, direction: 'ahead' | 'ago'): number {
  const sign = direction === 'ahead' ? 1 : -1;
  const instant = durationOf(text) ?? instantOf(text);
  if (instant === undefined) throw notATime(text);
  const at = 'ms' in instant ? now + sign * instant.ms : instant.at;
  if ((at - now) * sign >= 0) return at;
  throw new IngestError('USAGE', `${text} lies in the ${direction === 'ahead' ? 'past' : 'future'}`, {
    hint: `Give a time ${direction === 'ahead' ? 'to come' : 'that has been'}, or a duration such as 2d.`,
  });
}

function durationOf(text: string): { readonly ms: number } | undefined {
  try {
    return { ms: parseDuration(text) };
  } catch {
    return undefined;
  }
}

function instantOf(text: string): { readonly at: number } | undefined {
  const parts = DATE.exec(text.trim());
  if (parts === null) return undefined;
  const [, day = '', time = '00:00', zone = ''] = parts;
  const at = new Date(`${day}T${time}${zone}`).getTime();
  // 31 February would become 3 March.
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(at) || Number.isNaN(midnight.getTime())) return undefined;
  return midnight.toISOString().startsWith(day) ? { at } : undefined;
}

function notATime(text: string): IngestError {
  return new IngestError('USAGE', `not a time or duration: ${JSON.stringify(text)}`, {
    hint: 'Write a duration (90m, 2d, 1d12h) or a local time (2026-11-20, "2026-11-20 18:00").',
  });
}
