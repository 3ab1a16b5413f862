import { z } from 'zod';
import { CONTROL_FILE } from '../core/control.ts';
import { duration, text } from './fields.ts';

/** A reason is a sentence: it is repeated wherever the folder is spoken of. */
const reason = () => text().max(500);

/** `.nightjar.yaml` in a folder of the share, written by whoever writes there: it can only narrow what happens. */
export const controlSchema = z
  .strictObject({
    hold: reason()
      .optional()
      .meta({
        description:
          'Nothing in this folder and below is delivered until this line is gone; the reason is shown.',
        examples: ['labels are wrong, ask Jana'],
      }),
    skip: reason()
      .optional()
      .meta({
        description: 'Nothing in this folder and below is ever delivered; it is counted under this reason.',
        examples: ['alignment images'],
      }),
    uploaded: reason()
      .optional()
      .meta({
        description:
          'Its writer has uploaded it, or will: nothing in this folder and below is delivered, and it is counted as by hand.',
        examples: ['by hand', 'by hand, with the paper'],
      }),
    ready: z.boolean().optional().meta({
      description:
        'The writer says that it is finished: completion conditions count as met and a minute of quiet is enough. Two equal looks are still needed.',
    }),
    dataset: z.boolean().optional().meta({
      description:
        'This folder is a dataset of its own: it settles and goes without waiting for its neighbours.',
    }),
    quiet: duration()
      .optional()
      .meta({
        description: 'It must look the same for this long. Only ever longer than what the rule says.',
        examples: ['2h'],
      }),
  })
  .superRefine((said, check) => {
    const [first, second] = (['hold', 'skip', 'uploaded'] as const).filter((key) => said[key] !== undefined);
    if (first === undefined || second === undefined) return;
    const message = `expected one of ${first} and ${second}: ${first} and ${second} contradict each other`;
    check.addIssue({ code: 'custom', path: [second], message });
  })
  .meta({ title: CONTROL_FILE, description: 'What may not, or need not, happen to a folder yet.' });
