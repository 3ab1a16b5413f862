import { z } from 'zod';
import { duration } from './fields.ts';

/** The keys of a share that say how the daemon listens to it between evenings. */
export const watchKeys = {
  watch: z.enum(['auto', 'off', 'polling']).default('auto').meta({
    description:
      'Whether `nightjar serve` listens for changes during the day, so that the evening finds files already settled. `auto`: on local file systems only; a network file system does not tell what others write. `polling` asks each directory again and again. Nothing depends on it but the time.',
  }),
  watch_depth: z.int().min(1).max(20).default(3).meta({
    description: 'Levels of directories below the root that are watched.',
  }),
  watch_limit: z.int().min(2).max(100_000).default(2000).meta({
    description:
      'Most directories watched at once, the newest first; half is kept for new ones. 2,000 cost about 150 MB between evenings.',
  }),
  watch_pause: duration()
    .meta({
      description:
        'Changes are gathered for so long before they are looked at; with `polling` also how often a directory is asked.',
    })
    .prefault('2m'),
};
