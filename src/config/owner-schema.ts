import { z } from 'zod';
import { duration, name, text, tokenName } from './fields.ts';
import { coauthors } from './metadata-schema.ts';

const nomadAccount = z.strictObject({
  user_id: text()
    .optional()
    .meta({
      description:
        'User id on the platform; a token of somebody else is then refused before anything is sent.',
      examples: ['7d1c5f2e-0000-4000-8000-000000000000'],
    }),
  token: tokenName()
    .optional()
    .meta({ description: "Name of the file with this account's upload token.", examples: ['mueller'] }),
});

export const nomad = nomadAccount.optional().meta({ description: 'The account on NOMAD.' });

/** A day on which something ends; the day itself is still part of it. */
const lastDay = () =>
  z
    .string()
    .refine(isDay, { error: 'expected a day that exists, such as "2026-12-31"' })
    .meta({ title: 'day', examples: ['2026-12-31'] });

function isDay(value: string): boolean {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(value);
}

const paused = z
  .strictObject({
    until: lastDay()
      .optional()
      .meta({ description: 'The last day of it; without one: until this key is taken out.' }),
    reason: text().meta({ description: 'What people read.', examples: ['sabbatical'] }),
  })
  .optional()
  .meta({ description: 'Their data waits; it is held, and listed with the reason.' });

const leaves = z
  .strictObject({
    on: lastDay().meta({ description: 'Their last day.' }),
    successor: name()
      .optional()
      .meta({ description: 'The owner who gets data of later days.', examples: ['chen'] }),
    collector_after: duration()
      .optional()
      .meta({
        description:
          'Without a successor their data is held for so many days, and then the collector gets it.',
        examples: ['30d'],
      }),
  })
  .refine((value) => value.successor === undefined || value.collector_after === undefined, {
    error: 'expected either `successor` or `collector_after`, found both',
  })
  .optional()
  .meta({
    description: 'Somebody who leaves, or has left. With neither of the two their data is held from then on.',
  });

const optOut = z
  .strictObject({
    until: lastDay().meta({
      description:
        'The last day of it. It has to end, so that it comes up again: the report says so two weeks before.',
    }),
    reason: text().meta({ description: 'What people read.', examples: ['patent pending'] }),
    instruments: z
      .array(text())
      .min(1)
      .optional()
      .meta({ description: 'Only data of these instruments.', examples: [['SEM1']] }),
  })
  .optional()
  .meta({ description: 'Their wish that nothing is delivered: the data is held, and listed.' });

export const owner = z.strictObject({
  name: text()
    .optional()
    .meta({ description: 'For people.', examples: ['Jana Müller'] }),
  email: z
    .string()
    .refine((value) => /^[^\s@]+@[^\s@]+$/.test(value), { error: 'expected an e-mail address' })
    .optional()
    .meta({ title: 'e-mail address', description: 'For reports.', examples: ['mueller@example.org'] }),
  aliases: z
    .array(text().refine((value) => !value.includes('/'), { error: 'expected one folder name, without "/"' }))
    .default([])
    .meta({ description: 'Other folder names that mean this owner.', examples: [['jmueller', 'J. Müller']] }),
  paused,
  leaves,
  opt_out: optOut,
  manual: z.boolean().optional().meta({
    description:
      'This owner uploads by hand: nothing is sent for them, their data is counted as by hand, and no token is needed.',
  }),
  coauthors: coauthors()
    .optional()
    .meta({
      description:
        'At NOMAD: who else may see and change all uploads of theirs. An id of another owner stands for the account of that one.',
      examples: [['lab-manager']],
    }),
  nomad,
});
