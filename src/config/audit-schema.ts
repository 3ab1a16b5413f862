import { z } from 'zod';
import { countOption, sizeOption } from '../destinations/size-option.ts';
import { duration } from './fields.ts';

/** How old deliveries are asked for again. */
export const auditBlock = z.strictObject({
  every: duration({ zero: true })
    .meta({
      description:
        'So often an evening asks destinations again for a sample of what was delivered at least so long ago. `0s`: never.',
    })
    .prefault('7d'),
  batches: countOption.default(20).meta({
    description: 'The most batches of one sample, drawn by lot; old and big ones come first.',
  }),
  max_bytes: sizeOption
    .meta({
      description:
        'The most that is read back of one of these batches; of NOMAD never more than 20 files and 256 MB.',
    })
    .prefault('5 GiB'),
});
