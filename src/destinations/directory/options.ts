import { z } from 'zod';
import { maxParallel } from '../limit-options.ts';
import { countOption, sizeOption } from '../size-option.ts';

/** The configuration block of a destination of kind `directory`. */
export const directoryOptions = z
  .strictObject({
    kind: z.literal('directory').meta({ description: 'Delivers into a directory, one folder per owner.' }),
    root: z
      .string()
      .refine((text) => text.startsWith('/'), { error: 'expected an absolute path, beginning with "/"' })
      .meta({
        title: 'absolute path',
        description: 'The directory that receives the data. It may not lie inside a share, nor hold one.',
        examples: ['/srv/delivered'],
      }),
    verify: z.enum(['hash', 'size']).default('hash').meta({
      description:
        'How a delivered file is checked before it counts as verified: `hash` reads it back and compares SHA-256, `size` compares its length only (faster, weaker evidence).',
    }),
    max_bytes: sizeOption
      .meta({
        description: 'Largest batch. Without it the adapter has its own limit.',
        examples: ['200 GiB'],
      })
      .optional(),
    max_files: countOption
      .meta({ description: 'Most files in a batch. Without it the adapter has its own limit.' })
      .optional(),
    max_parallel: maxParallel,
  })
  .transform((block) => ({
    kind: block.kind,
    root: trimSlashes(block.root),
    verify: block.verify,
    ...(block.max_bytes === undefined ? {} : { maxBytes: block.max_bytes }),
    ...(block.max_files === undefined ? {} : { maxFiles: block.max_files }),
    ...(block.max_parallel === undefined ? {} : { maxParallel: block.max_parallel }),
  }));

export type DirectoryOptions = Readonly<z.output<typeof directoryOptions>>;

const trimSlashes = (path: string): string => path.replace(/(?<=.)\/+$/, '');
