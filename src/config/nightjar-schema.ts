import { z } from 'zod';
import { directoryOptions } from '../destinations/directory/options.ts';
import { nomadOptions } from '../destinations/nomad/options.ts';
import { countOption, sizeOption } from '../destinations/size-option.ts';
import { auditBlock } from './audit-schema.ts';
import {
  absolutePath,
  contact,
  duration,
  name,
  namedBlocks,
  redisUrl,
  text,
  timeOfDay,
  timeZone,
} from './fields.ts';
import { watchKeys } from './watch-schema.ts';

/** Adding a kind of destination adds its block here. */
const destination = z.discriminatedUnion('kind', [directoryOptions, nomadOptions]);

const userNumber = z.int().min(0).max(4_294_967_294);

const alarm = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta({ description: 'Whether walks are held against the evenings before.' }),
  evenings: z.int().min(1).max(14).default(5).meta({
    description: 'So many evenings must be known before a walk can be unusual.',
  }),
  factor: z.number().min(1.1).max(1000).default(2).meta({
    description: 'So many times fewer, or more, files or bytes than on any of the last fourteen evenings.',
  }),
  min_files: countOption.default(1000).meta({
    description: 'Smaller changes in the number of files are never unusual. Of an owner: a tenth of it.',
  }),
  min_bytes: sizeOption
    .meta({ description: 'Smaller changes in bytes are never unusual.' })
    .prefault('10 GiB'),
});

const share = z.strictObject({
  root: absolutePath().meta({
    description: 'Where the share is mounted. It is only ever read.',
    examples: ['/mnt/instruments'],
  }),
  marker: text()
    .refine((value) => !value.includes('/'), { error: 'expected a file name without "/"' })
    .default('.nightjar-share')
    .meta({
      description:
        'Name of a file in the root that proves the share is mounted: an empty mount point has none. You create it once.',
    }),
  read_as: z
    .strictObject({
      uid: userNumber.meta({ description: 'Number of the user.', examples: [1500] }),
      gid: userNumber.meta({ description: 'Number of the group.', examples: [1500] }),
    })
    .optional()
    .meta({ description: 'Reads the share as this user and group; needs a daemon that runs as root.' }),
  scan_threads: z.int().min(1).max(64).default(2).meta({
    description: 'Directories looked at together. More helps on a network share, and costs its server more.',
  }),
  stall: duration()
    .meta({ description: 'Without any answer of the share for this long it counts as hung.' })
    .prefault('60s'),
  ...watchKeys,
  alarm: alarm.prefault({}).meta({
    description:
      'When a walk of the share is not believed because it saw far less, or far more, than on the evenings before.',
  }),
});

const day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

const schedule = z.strictObject({
  evening: timeOfDay()
    .default('20:00')
    .meta({ description: 'When the evening begins, in quotes.', examples: ['20:00'] }),
  until: timeOfDay()
    .optional()
    .meta({
      description:
        'After this time of day no new delivery begins; what is left goes the next evening. Without it the night is as long as it must be.',
      examples: ['06:00'],
    }),
  timezone: timeZone()
    .optional()
    .meta({
      description: "The time zone of these times. Default: the system's.",
      examples: ['Europe/Berlin'],
    }),
  days: z
    .array(day)
    .min(1)
    .default([...day.options])
    .meta({ description: 'On which days an evening begins.' }),
  check_tokens: duration()
    .meta({
      description:
        'So long before each evening the daemon asks whether every token is still taken, and warns of those that end.',
    })
    .prefault('4h'),
});

const deliveries = z.strictObject({
  concurrency: z.int().min(1).max(64).default(2).meta({
    description:
      'Deliveries at the same time. There is never more than one in a container. A delivery at a standstill (operations.md) does not count, up to as many again.',
  }),
  retry_limit: z.int().min(0).max(100).default(6).meta({
    description: 'Attempts after the first, before a delivery is held for a person.',
  }),
  retry_first: duration()
    .meta({ description: 'Pause before the second attempt; it doubles with every further one.' })
    .prefault('30s'),
  retry_max: duration().meta({ description: 'Longest pause between attempts.' }).prefault('30m'),
  probe_first: duration()
    .meta({
      description:
        'A destination that is away is asked again after about so long, whether it is back; the wait doubles each time.',
    })
    .prefault('30s'),
  probe_max: duration().meta({ description: 'Longest wait between two such questions.' }).prefault('10m'),
  outage_wait: duration({ zero: true })
    .meta({
      description:
        'The longest that a run waits for a destination that is away, or for a queue (Redis) that takes nothing; then it ends with a report of what waits. The daemon delivers it when that is over.',
    })
    .prefault('2h'),
});

/** nightjar.yaml: what the machine needs to know. Every key has its description and default here and nowhere else. */
export const nightjarSchema = z
  .strictObject({
    state_dir: absolutePath()
      .optional()
      .meta({
        description:
          'Where the ledger and the embedded Redis live: a local disk, never a network file system. Default: `$STATE_DIRECTORY` (set by systemd), else `~/.local/state/nightjar`.',
        examples: ['/var/lib/nightjar'],
      }),
    contact: contact()
      .optional()
      .meta({
        description:
          'Whom the operators of platforms can write to about Nightjar: every request carries it in its User-Agent.',
        examples: ['nightjar@lab.example.org'],
      }),
    folders: text().default('folders.yaml').meta({
      title: 'path',
      description: 'The file with rules and owners, relative to this one.',
    }),
    shares: namedBlocks(share, 'share').meta({
      description: 'The mounted trees that instruments write to, by a name of your choice.',
    }),
    destinations: namedBlocks(destination, 'destination').meta({
      description: 'Where data is delivered to, by a name of your choice.',
    }),
    default_destination: name()
      .optional()
      .meta({
        description:
          'Where a rule without `destination` delivers to. Default: the only destination; required if there are several.',
        examples: ['archive'],
      }),
    batch: z
      .strictObject({
        max_files: countOption.optional().meta({
          description: "Most files in a batch. Default: the destination's limit.",
          examples: [5000],
        }),
        max_bytes: sizeOption
          .optional()
          .meta({ description: "Largest batch. Default: the destination's limit.", examples: ['10 GiB'] }),
      })
      .prefault({})
      .meta({ description: 'How large one batch may become; a dataset is split only above this.' }),
    settle: duration({ zero: true })
      .meta({
        description:
          'A file counts as finished when it has not changed for this long. A rule may say otherwise.',
      })
      .prefault('20m'),
    settle_wait: duration({ zero: true })
      .meta({
        description:
          'The longest that a run waits for files to settle before it looks a second time. What needs longer goes in a later run.',
      })
      .prefault('1h'),
    compare_limit: duration()
      .meta({
        description:
          'The longest that an evening reads files to compare them with what was delivered: files of folders that were moved or renamed, and files of which only the time is another. What is not compared by then waits for the next evening.',
      })
      .prefault('1h'),
    recipes: text()
      .optional()
      .meta({
        title: 'path',
        description:
          'Directory of your own instrument recipes, relative to this file. A recipe of yours takes the place of the one of its name that comes with Nightjar.',
        examples: ['instruments'],
      }),
    settle_nights: z.int().min(1).max(365).default(5).meta({
      description:
        'A dataset that has not settled for so many nights is put before a person, with a guess at the cause. It is never dropped.',
    }),
    schedule: schedule.prefault({}).meta({ description: 'When the evenings are.' }),
    deliveries: deliveries.prefault({}).meta({ description: 'How deliveries are done and repeated.' }),
    audit: auditBlock.prefault({}).meta({ description: 'How old deliveries are asked for again.' }),
    redis: z
      .strictObject({
        url: redisUrl()
          .optional()
          .meta({
            description:
              'An outside Redis or Valkey. Without it Nightjar runs its own on a socket in the state directory. With a password in it this file is a secret: `chmod 600`.',
            examples: ['rediss://redis.example.org:6379/0'],
          }),
      })
      .prefault({})
      .meta({ description: 'The to-do list of deliveries. Losing it loses nothing.' }),
    credentials: z
      .strictObject({
        dir: text()
          .optional()
          .meta({
            title: 'path',
            description:
              'Directory of the token files (mode 0600), relative to this file. Default: `$CREDENTIALS_DIRECTORY` (set by systemd), else `tokens`.',
            examples: ['tokens'],
          }),
      })
      .prefault({})
      .meta({ description: 'Where upload tokens are. They are never written in YAML.' }),
    log: z
      .strictObject({
        level: z.enum(['debug', 'info', 'warn', 'error']).default('info').meta({
          description: 'The least important message that is logged; `info` is about twenty lines an evening.',
        }),
      })
      .prefault({})
      .meta({ description: 'The log, as JSON lines on standard output.' }),
  })
  .meta({ title: 'nightjar.yaml', description: 'Shares, destinations, schedule and limits.' });

export type NightjarFile = z.output<typeof nightjarSchema>;
