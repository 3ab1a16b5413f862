/** Who may import whom. docs/architecture.md shows the same table; `imports.test.ts` holds both against the code. */
export type ImportRule = {
  /** A folder of `src/`, or a file of it. An adapter's folder is its own. */
  readonly of: string;
  /** Folders (with a slash) and single files of ours, below `src/`; `*` stands for one adapter's folder. */
  readonly ours: readonly string[];
  readonly npm: readonly string[];
  /** Node's modules; 'any' = all but the guarded ones, which must be named. */
  readonly node: readonly string[];
};

/** Modules that make another process, thread or database: named wherever they are used. */
export const GUARDED = ['child_process', 'worker_threads', 'sqlite', 'http', 'https', 'net'] as const;

const STAGES = ['batch/', 'core/', 'ledger/', 'share/'] as const;
const BELOW_APP = [
  'batch/',
  'config/',
  'core/',
  'credentials/',
  'delivery/',
  'destinations/',
  'destinations/*/',
  'http/',
  'ledger/',
  'log/',
  'nightly/',
  'ownership/',
  'queue/',
  'schedule/',
  'share/',
  'tiering/',
] as const;

export const IMPORT_TABLE: readonly ImportRule[] = [
  { of: 'core/', ours: [], npm: [], node: ['crypto', 'module', 'path', 'stream', 'timers/promises', 'util'] },
  { of: 'share/', ours: ['core/'], npm: ['chokidar'], node: ['any', 'child_process', 'worker_threads'] },
  { of: 'ownership/', ours: ['core/'], npm: [], node: [] },
  {
    of: 'batch/',
    ours: ['core/'],
    npm: ['archiver'],
    node: ['any', 'child_process', 'net', 'worker_threads'],
  },
  { of: 'ledger/', ours: ['core/'], npm: [], node: ['any', 'sqlite'] },
  { of: 'credentials/', ours: ['core/'], npm: [], node: ['crypto', 'fs', 'fs/promises', 'path'] },
  { of: 'http/', ours: ['core/'], npm: ['undici'], node: ['stream'] },
  { of: 'queue/', ours: ['core/'], npm: ['bullmq', 'ioredis'], node: ['any', 'child_process', 'net'] },
  { of: 'schedule/', ours: ['core/'], npm: ['croner'], node: [] },
  { of: 'log/', ours: ['core/'], npm: ['pino'], node: [] },
  { of: 'tiering/', ours: ['core/'], npm: [], node: [] },
  { of: 'destinations/', ours: ['core/'], npm: ['zod'], node: [] },
  {
    of: 'destinations/directory/',
    ours: ['core/', 'destinations/', 'http/'],
    npm: ['zod'],
    node: ['any'],
  },
  {
    of: 'destinations/nomad/',
    ours: ['core/', 'destinations/', 'http/'],
    npm: ['zod'],
    node: ['crypto', 'stream'],
  },
  {
    of: 'config/',
    ours: [
      'core/',
      'destinations/size-option.ts',
      'destinations/*/options.ts',
      'ownership/parse-template.ts',
    ],
    npm: ['fastest-levenshtein', 'yaml', 'zod'],
    node: ['buffer', 'fs', 'path'],
  },
  { of: 'nightly/', ours: [...STAGES], npm: [], node: [] },
  {
    of: 'delivery/',
    ours: [...STAGES, 'destinations/destination.ts', 'tiering/tier.ts'],
    npm: [],
    node: [],
  },
  { of: 'app/', ours: [...BELOW_APP], npm: [], node: ['any'] },
  { of: 'cli/', ours: ['app/', ...BELOW_APP], npm: ['commander'], node: ['any', 'child_process'] },
  { of: 'main.ts', ours: ['cli/', 'core/clock.ts'], npm: [], node: ['os'] },
];

/** The one folder that is at home with an npm package; zod also reads what a destination is told and answers. */
export const HOMES: Readonly<Record<string, readonly string[]>> = {
  archiver: ['batch/'],
  bullmq: ['queue/'],
  chokidar: ['share/'],
  commander: ['cli/'],
  croner: ['schedule/'],
  'fastest-levenshtein': ['config/'],
  ioredis: ['queue/'],
  pino: ['log/'],
  undici: ['http/'],
  yaml: ['config/'],
  zod: ['config/', 'destinations/', 'destinations/directory/', 'destinations/nomad/'],
};
