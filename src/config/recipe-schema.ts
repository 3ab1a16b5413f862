import { z } from 'zod';
import { completeBlock } from './complete-schema.ts';
import { duration, text } from './fields.ts';

const knowledge = z
  .strictObject({
    says: text().meta({ description: 'One fact about how the instrument or its format ends a file.' }),
    source: z
      .string()
      .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
        error: 'expected the URL of a public document',
      })
      .optional()
      .meta({ title: 'URL', description: 'The public document that says so.' }),
    customary: z
      .literal(true)
      .optional()
      .meta({ description: 'No document says so: it is what laboratories see.' }),
  })
  .refine(({ source, customary }) => (source === undefined) !== (customary === undefined), {
    error: 'expected either `source: URL` or `customary: true`',
  });

/** One file of config/instruments/: how an instrument ends a dataset. Its name is the file's. */
export const recipeSchema = z
  .strictObject({
    title: text().meta({
      description: 'Instrument, program and format, for a person.',
      examples: ['Zeiss ZEN (czi)'],
    }),
    settle: duration().meta({
      description: 'How long its files usually must be quiet. The longer of this and `settle` counts.',
      examples: ['30m'],
    }),
    complete: completeBlock.meta({
      description: 'What a dataset must have. All keys of the block must hold.',
    }),
    knowledge: z.array(knowledge).min(1).meta({ description: 'Where the settings above come from.' }),
    notes: text()
      .optional()
      .meta({ description: 'What a lab may want to add or leave out in its own copy.' }),
  })
  .meta({ title: 'recipe', description: 'How one kind of instrument ends a dataset.' });
