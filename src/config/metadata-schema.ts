import { z } from 'zod';
import type { ContainerMetadata } from '../core/container-metadata.ts';
import { defined } from './defined.ts';
import { text } from './fields.ts';

/** Somebody the platform knows. What has a blank in it is a full name, and would be skipped there without a word. */
const person = () =>
  z
    .string()
    .refine((value) => /^[^\s,;]+$/.test(value), {
      error: 'expected a user id, a user name or an e-mail address of the platform, without blanks',
    })
    .meta({ title: 'user', examples: ['lab-manager'] });

const webAddress = () =>
  z
    .string()
    .refine((value) => URL.canParse(value) && new URL(value).protocol === 'https:' && !/\s/.test(value), {
      error: 'expected a URL that begins with https://',
    })
    .meta({ title: 'URL', examples: ['https://doi.org/10.5281/zenodo.123456'] });

export const coauthors = () => z.array(person()).min(1);

/** `metadata` of a rule. */
export const metadataBlock = z
  .strictObject({
    coauthors: coauthors()
      .optional()
      .meta({
        description: 'Who else may see and change the uploads before they are published.',
        examples: [['lab-manager', 'chen@example.org']],
      }),
    reviewers: z
      .array(person())
      .min(1)
      .optional()
      .meta({ description: 'Who else may only see them.', examples: [['referee@example.org']] }),
    comment: text()
      .max(10_000)
      .optional()
      .meta({ description: 'A text at each entry.', examples: ['Measured by the service lab'] }),
    references: z
      .array(webAddress())
      .min(1)
      .optional()
      .meta({
        description: 'Web addresses at each entry, such as that of the project.',
        examples: [['https://doi.org/10.5281/zenodo.123456']],
      }),
    external_id: text()
      .max(1000)
      .optional()
      .meta({ description: 'An id of another system at each entry.', examples: ['DFG-4711'] }),
    embargo_length: z
      .int()
      .min(0)
      .max(36)
      .optional()
      .meta({
        description: 'Months for which the data stays closed once somebody publishes it.',
        examples: [12],
      }),
  })
  .refine((block) => Object.values(block).some((value) => value !== undefined), {
    error: 'expected at least one key',
    // Of a key that nobody knows nothing is left here, and that is told already.
    when: ({ issues }) => issues.length === 0,
  });

export function buildMetadata(block: z.output<typeof metadataBlock>): ContainerMetadata {
  const { coauthors: authors = [], reviewers = [], references = [] } = block;
  return {
    ...{ coauthors: authors, reviewers, references },
    ...defined({
      comment: block.comment,
      externalId: block.external_id,
      embargoMonths: block.embargo_length,
    }),
  };
}
