import { z } from 'zod';
import { parseSize } from '../core/units.ts';

/** What a destination may be burdened with: keys that the blocks of destinations share. */

const timeOfDay = z
  .string()
  .refine((value) => /^([01]\d|2[0-3]):[0-5]\d$/.test(value), {
    error: 'expected a time of day "HH:MM", such as "18:00"',
  })
  .meta({ title: 'time of day' });

const rate = z
  .string()
  .meta({ title: 'size per second', pattern: '^\\d+(\\.\\d+)? ?([kKmMgGtT][iI]?)?[bB]/s$' })
  .transform((text, check) => {
    try {
      const bytes = text.endsWith('/s') ? parseSize(text.slice(0, -2)) : 0;
      if (bytes >= 1000) return bytes;
    } catch {
      // refused below, like too little
    }
    const message = 'expected a size per second of at least "1 kB/s", such as "100 MB/s"';
    check.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  });

const line = z
  .strictObject({
    from: timeOfDay
      .optional()
      .meta({ description: 'From this time of day on (`schedule.timezone`).', examples: ['18:00'] }),
    to: timeOfDay.optional().meta({
      description: 'Up to this time; earlier than `from`, it is that of the next day. Both or none.',
      examples: ['06:00'],
    }),
    limit: rate.meta({
      description: 'So much of all deliveries to this destination together.',
      examples: ['100 MB/s'],
    }),
  })
  .refine(({ from, to }) => (from === undefined) === (to === undefined), {
    error: 'expected both `from` and `to`, or neither',
  })
  .refine(({ from, to }) => from === undefined || from !== to, {
    error: 'expected `from` and `to` to be two different times; without both it always counts',
  });

export const maxParallel = z
  .int()
  .min(1)
  .max(64)
  .optional()
  .meta({
    description:
      'Deliveries to this destination at the same time. Default: `deliveries.concurrency`. There is never more than one in a container. A delivery at a standstill (operations.md) does not count, up to as many again.',
    examples: [1],
  });

export const requestsPerMinute = z
  .int()
  .min(1)
  .max(60_000)
  .optional()
  .meta({
    description:
      'Requests of one process to this platform, at most and evenly spaced; also those that ask how it is.',
    examples: [60],
  });

export const bandwidth = z
  .array(line)
  .min(1)
  .superRefine((lines, check) => {
    const always = lines.findIndex(({ from }) => from === undefined);
    if (always === -1 || always === lines.length - 1) return;
    const message =
      'expected the line without times behind all others, found lines behind it: the first line whose time it is counts, so those never would';
    check.addIssue({ code: 'custom', message, path: [always + 1] });
  })
  .optional()
  .meta({
    description:
      'How fast one process sends: the first line whose time it is counts, also in the middle of a transfer. Where none counts there is no limit.',
    examples: [[{ from: '18:00', to: '06:00', limit: '100 MB/s' }, { limit: '10 MB/s' }]],
  });
