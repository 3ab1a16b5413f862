import { z } from 'zod';
import { completeBlock } from './complete-schema.ts';
import { duration, name, text, tokenName } from './fields.ts';

/** What no one wants delivered: litter of operating systems, and names that programs use while a file is unfinished. */
const DEFAULT_IGNORE: readonly string[] = [
  '.nightjar-share',
  '.DS_Store',
  '._*',
  'Thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  '~$*',
  '.~lock.*',
  '.nfs*',
  '.fuse_hidden*',
  '*.part',
  '*.partial',
  '*.filepart',
  '*.crdownload',
  '*.tmp',
  '.*.??????',
  '@eaDir/',
  '.AppleDouble/',
  '.Spotlight-V100/',
  '.Trashes/',
  '.fseventsd/',
  '$RECYCLE.BIN/',
  'System Volume Information/',
  'lost+found/',
];

const rule = z.strictObject({
  name: text()
    .optional()
    .meta({ description: 'A name for reports, instead of "rule 3".', examples: ['SEM sessions'] }),
  match: text().meta({
    title: 'template',
    description:
      'The path below the share: `{instrument}`, `{owner}`, `{dataset}` and other `{names}` take one folder name or a part of one, `*` and `?` take anything within a name, `**` at the end takes everything below.',
    examples: ['{instrument}/{owner}/{dataset}/**'],
  }),
  instruments: z
    .array(text())
    .min(1)
    .optional()
    .meta({ description: 'Only these values of `{instrument}`.', examples: [['SEM1', 'SEM2']] }),
  owner: name()
    .optional()
    .meta({
      description: 'The owner of everything that matches, instead of an `{owner}` part.',
      examples: ['mueller'],
    }),
  settle: duration({ zero: true })
    .optional()
    .meta({ description: 'Instead of `settle` in nightjar.yaml.', examples: ['2h'] }),
  complete: completeBlock.optional().meta({
    description:
      'What a dataset must have, besides having settled, before any of it goes. All keys of the block must hold.',
  }),
  hold: text()
    .optional()
    .meta({
      description:
        'Nothing that matches is delivered: it waits for a person, and this is the reason they read.',
      examples: ['service data: ask the manager'],
    }),
  exclude: text()
    .optional()
    .meta({
      description: 'Nothing that matches is ever delivered; it is counted under this reason.',
      examples: ['calibration images'],
    }),
  destination: name()
    .optional()
    .meta({ description: 'Instead of `default_destination` in nightjar.yaml.', examples: ['archive'] }),
  compress: z.boolean().default(false).meta({
    description: 'Compress the parcel: worth it for text on a slow line, costs processor time.',
  }),
});

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

const nomad = nomadAccount.optional().meta({ description: 'The account on NOMAD.' });

const owner = z.strictObject({
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
  nomad,
});

/** folders.yaml: whose data is what, the file that is edited weekly. */
export const foldersSchema = z
  .strictObject({
    rules: z.array(rule).min(1).meta({ description: 'From top to bottom: the first that matches wins.' }),
    owners: z.record(name(), owner).default({}).meta({
      description: 'The people data is delivered for, by id. The id is also a folder name that means them.',
    }),
    collector: z
      .strictObject({ nomad })
      .prefault({})
      .meta({ description: 'The account that receives data which no rule gives to anybody.' }),
    ignore: z
      .array(text())
      .default([...DEFAULT_IGNORE])
      .meta({
        description:
          "Names (`*.tmp`), paths below the share (`XRD/*.log`) or directories (`@eaDir/`) that are left out and counted as excluded. A list here replaces the default; the shares' markers are always left out.",
      }),
  })
  .meta({ title: 'folders.yaml', description: 'Rules, owners and the collector.' });

export type FoldersFile = z.output<typeof foldersSchema>;
export type RuleBlock = FoldersFile['rules'][number];
