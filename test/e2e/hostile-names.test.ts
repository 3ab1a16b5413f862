import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBytes, parentOf, sharePath } from '../../src/core/share-path.ts';
import { runCaptured } from '../support/cli-lab.ts';
import { LAUNCHER, type Lab, startLab } from '../support/lab.ts';

/** OSC 52 puts a text on the clipboard, CSI moves the cursor and clears, C1 is the same in one byte, RLO turns text, the last four are not seen. */
const ESCAPES = '\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b31m\u202eexe\u2066\u200b\ufeff\u00ad\u{e0041}';
/** Half a surrogate stands for a byte outside UTF-8 (core/share-path.ts). */
const NAMES = [
  ...[ESCAPES, 'two\nlines', 'return\rof the carriage', 'back\\slash\\..\\..\\etc', 'bytes \udcff\udcfe'],
  ...[
    '..hidden..',
    '...',
    '-rf',
    '--help',
    '$(touch pwned)',
    '`id`',
    'a;b|c&d',
    '%s%n',
    'con',
    'x'.repeat(255),
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'nomad.yaml',
    '*',
    '{owner}',
    '<script>',
    "' or 1=1 --",
    '🦆\u200d',
  ],
];
/** What no terminal, log or report may be sent: controls but the newline, C1, what turns text around and what is not seen. */
const RAW = /[[\p{Cc}--\n]\u2028\u2029\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/v;

const FOLDERS = `rules:
  - match: "hold/**"
    hold: "ask"
  - match: "{instrument}/{owner}/{dataset}/**"
owners: { mueller: {} }
collector: {}
`;

let lab: Lab;
const config = () => ['--config', join(lab.root, 'nightjar.yaml')];

function put(path: string, content = path): void {
  const at = (below: string): Buffer => Buffer.concat([Buffer.from(`${lab.share}/`), encodeBytes(below)]);
  mkdirSync(at(parentOf(sharePath(path))), { recursive: true });
  writeFileSync(at(path), content);
}

beforeAll(async () => {
  lab = await startLab({ folders: FOLDERS });
  for (const name of NAMES) put(`SEM1/mueller/run/${name}`);
  for (const name of NAMES) put(`SEM1/mueller/${name}/x`);
  put(`SEM1/${ESCAPES}/run/x`);
  put(`${ESCAPES}/mueller/run/x`);
  put(`hold/${ESCAPES}/run/x`);
  for (const name of ['__proto__', 'constructor', 'toString']) put(`${name}/mueller/${name}/${name}`);
  put('SEM1/mueller/told/x');
  put('SEM1/mueller/told/.nightjar.yaml', `hold: ${JSON.stringify(ESCAPES)}\n`);
  put('SEM1/mueller/wrong/x');
  put('SEM1/mueller/wrong/.nightjar.yaml', `${JSON.stringify(ESCAPES)}: 1\n`);
  mkdirSync(join(lab.root, 'elsewhere'));
  writeFileSync(join(lab.root, 'elsewhere', 'secret'), 'of somebody else');
  for (const [at, to] of [
    ['link', '../../../../elsewhere/secret'],
    ['dir', '../../../../elsewhere'],
    ['abs', '/etc/passwd'],
    ['loop', 'loop'],
  ] as const)
    symlinkSync(to, join(lab.share, 'SEM1/mueller/run', at));
  // Nothing tells a hard link from any other file: whoever could make it may have it delivered (docs/security.md).
  writeFileSync(join(lab.root, 'elsewhere', 'linked'), 'linked');
  linkSync(join(lab.root, 'elsewhere', 'linked'), join(lab.share, 'SEM1/mueller/run/hard'));
});
afterAll(() => lab[Symbol.asyncDispose]());

const escaped = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => RAW.test(line))
    .map((line) => JSON.stringify(line).slice(0, 200));

describe('names that are made to hurt', () => {
  it('are delivered, and nothing but files of the share is, below the owner alone', async () => {
    const { out, err, code } = await lab.nightjar('run');

    expect({ code, out: escaped(out), err: escaped(err) }).toEqual({ code: 3, out: [], err: [] });
    const delivered = readdirSync(lab.delivered, { recursive: true, encoding: 'utf8' });
    expect(delivered.filter((path) => path.startsWith('mueller/data/lab/SEM1/mueller/run/'))).toHaveLength(
      NAMES.length + 1,
    );
    expect(readFileSync(join(lab.delivered, 'mueller/data/lab/SEM1/mueller/run/hard'), 'utf8')).toBe(
      'linked',
    );
    expect(spawnSync('grep', ['-rl', 'somebody else', lab.delivered]).status).toBe(1);
    expect(readdirSync(lab.root).sort()).toEqual(
      ['delivered', 'elsewhere', 'folders.yaml', 'nightjar.yaml', 'share', 'state'].sort(),
    );
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  /** Stands for a file of its own for each run of a command: certificates are never written over. */
  const CERTIFICATE = 'certificate';
  const COMMANDS: readonly (readonly string[])[] = [
    ...[
      ['plan'],
      ['status'],
      ['why'],
      ['history'],
      ['check'],
      ['force'],
      ['exclude'],
      ['hold'],
      ['audit', 'verify'],
    ],
    ...[
      ['why', 'lab:SEM1/mueller'],
      ['certificate', 'lab:SEM1/mueller/run', '--out', CERTIFICATE],
      ['history', 'lab:SEM1/mueller/run'],
    ],
    ...[
      ['explain', 'lab:SEM1/mueller/told'],
      ['explain', 'lab:SEM1/mueller/wrong/x'],
      ['explain', 'lab:SEM1/mueller/run'],
    ],
    ...[
      ['explain', `lab:SEM1/mueller/run/${ESCAPES}`],
      ['explain', `lab:SEM1/${ESCAPES}/run/x`],
      ['why', `lab:${ESCAPES}`],
    ],
    ...[
      ['explain', `lab:${ESCAPES}`],
      ['explain', ESCAPES],
      ['requeue', ESCAPES],
      ['requeue', '--path', `lab:SEM1/mueller/${ESCAPES}`],
    ],
    ...[
      ['hold', 'owner', ESCAPES, '--reason', 'x'],
      ['claim', `lab:SEM1/${ESCAPES}`, '--owner', 'mueller'],
      [ESCAPES],
    ],
    ...[['exclude', `lab:SEM1/mueller/run/${ESCAPES}`, '--reason', ESCAPES]],
  ];

  it.each(COMMANDS.map((command) => [JSON.stringify(command.join(' ')), command] as const))(
    'reach neither the terminal nor JSON as they are: %s',
    async (_said, command) => {
      for (const json of [[], ['--json']]) {
        const file = (arg: string, at: number): string =>
          at > 0 && arg === CERTIFICATE ? join(lab.root, `certificate${json.length}`) : arg;
        const { out, err } = await runCaptured([...config(), ...json, ...command.map(file)]);

        expect({ out: escaped(out), err: escaped(err) }).toEqual({ out: [], err: [] });
        expect(out + err).not.toBe('');
      }
    },
  );

  it('do not reach a terminal that shows progress', (ctx) => {
    const missing = 'there is no `script` (util-linux) here to make a terminal with';
    if (!existsSync('/usr/bin/script')) {
      process.stderr.write(`skipped: ${missing}\n`);
      ctx.skip(missing);
    }
    put(`SEM1/mueller/${ESCAPES}2/x`, 'new');

    const shown = execFileSync('script', ['-qec', `${LAUNCHER} run; true`, '/dev/null'], {
      cwd: lab.root,
      encoding: 'utf8',
    });

    expect(shown).toContain('mueller');
    // Colours and the moving line are ours; what the names would send is not there.
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(shown).not.toMatch(/\u001b\]|\u0007|\u009b|\u202e|\u2066|\u001b\[2J/);
  });
});
