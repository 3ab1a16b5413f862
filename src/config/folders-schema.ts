import { z } from 'zod';
import { sizeOption } from '../destinations/size-option.ts';
import { completeBlock } from './complete-schema.ts';
import { duration, name, text } from './fields.ts';
import { metadataBlock } from './metadata-schema.ts';
import { nomad, owner } from './owner-schema.ts';
import { registerKeys, sourceKeys } from './sources-schema.ts';

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
      'The path below the share: `{instrument}`, `{owner}`, `{dataset}` and other `{names}` take one folder name or a part of one, `*` and `?` take anything within a name, `**` at the end takes everything below. A part can say what it takes: `{run:number}`, `{day:yyyyMMdd}`, `{kind:raw|processed}`, `{sample:/S\\d+/}`.',
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
  ...sourceKeys,
  settle: duration({ zero: true })
    .optional()
    .meta({ description: 'Instead of `settle` in nightjar.yaml.', examples: ['2h'] }),
  recipe: name()
    .optional()
    .meta({
      description:
        'How the instrument ends a dataset: the name of a file in config/instruments/ or in the directory of your own recipes. It asks what it asks besides `complete`, and `settle` is the longer of its own and the one in nightjar.yaml.',
      examples: ['zeiss-czi'],
    }),
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
  translate: z
    .record(text(), name())
    .optional()
    .meta({
      description:
        'By part of `match`: the table below `tables` that turns its text into another. A text that is not in the table stays as it is.',
      examples: [{ project: 'projects' }],
    }),
  without_token: z.enum(['hold', 'collector']).default('hold').meta({
    description:
      'What becomes of data whose owner has no token that can be used at the destination: it waits for a person, or goes to the collector.',
  }),
  destination: name()
    .optional()
    .meta({ description: 'Instead of `default_destination` in nightjar.yaml.', examples: ['archive'] }),
  compress: z.boolean().default(false).meta({
    description: 'Compress the parcel: worth it for text on a slow line, costs processor time.',
  }),
  publish: z.boolean().default(false).meta({
    description:
      'At NOMAD: publishes each batch by itself, in an upload of its own, once the platform has confirmed it. It cannot be undone, so the destination has to say `publish: irreversible` as well, and the token has to be one that may publish (docs/nomad.md, "Publishing").',
  }),
  metadata: metadataBlock.optional().meta({
    description:
      'At NOMAD: what is said of the data. It goes into uploads of its own, named by the rule, as it holds for a whole upload.',
  }),
  pack: z.enum(['zip', 'files']).default('zip').meta({
    description:
      'At NOMAD: `zip` sends the files of a dataset together, `files` each by itself and without a zip. The platform processes the upload, and may mail its owner, once a file: for few large files only.',
  }),
});

/** folders.yaml: whose data is what, the file that is edited weekly. */
export const foldersSchema = z
  .strictObject({
    rules: z.array(rule).min(1).meta({ description: 'From top to bottom: the first that matches wins.' }),
    owners: z.record(name(), owner).default({}).meta({
      description: 'The people data is delivered for, by id. The id is also a folder name that means them.',
    }),
    ...registerKeys,
    tables: z
      .record(name(), z.record(text(), text()))
      .default({})
      .meta({
        description:
          'Tables that `translate` of a rule uses: what stands in a folder name, and what it means.',
        examples: [{ projects: { p17: 'Perovskites 2026' } }],
      }),
    collector: z
      .strictObject({
        nomad,
        warn_above: sizeOption.optional().meta({
          description: 'The report warns when more than this lies with the collector.',
          examples: ['500 GiB'],
        }),
      })
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
