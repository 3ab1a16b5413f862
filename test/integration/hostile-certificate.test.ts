import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateSigner, publicKeyIn } from '../../src/app/certificate-key.ts';
import { type CliAnswer, runCaptured } from '../support/cli-lab.ts';

const HEAD = {
  ...{ certificate: 'nightjar', format: 1, share: 'lab', folder: 'run', root: '/mnt', version: '1' },
  ...{ issuedAt: '2026-11-20T20:00:00.000Z', issuedBy: 'root', safe: true, files: 1, bytes: 4, notSafe: 0 },
  ...{ evidence: { verified: 1 }, historyHead: null, voidWhen: 'changed' },
};
const SAFE = {
  ...{ path: 'a.tif', size: 4, mtimeNs: '5', sha256: 'ab'.repeat(32), batch: 'b-1', owner: 'mueller' },
  ...{ destination: 'archive', location: '/archive', evidence: 'verified' },
  evidenceAt: '2026-11-20T20:00:00.000Z',
};
/** OSC 52 puts a text on the clipboard, CSI clears, C1 is the same in one byte, RLO turns text around. */
const ESCAPES = '\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b31m\u202eexe';
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const RAW = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/u;

describe('a certificate that somebody made to hurt, and signed with a key of their own', () => {
  let dir: string;
  let folder: string;
  let signer: ReturnType<typeof certificateSigner>;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'nightjar-certificate-'));
    folder = join(dir, 'run');
    mkdirSync(folder);
    signer = certificateSigner(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  async function verify(
    lines: readonly unknown[],
    args: readonly string[] = [],
    signature?: unknown,
  ): Promise<CliAnswer> {
    const file = join(dir, 'hostile.jsonl');
    const body = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    const own = signature ?? signer.sign(Buffer.from(body));
    writeFileSync(file, `${body}${JSON.stringify({ algorithm: 'ed25519', signature: own })}\n`);
    return await runCaptured([
      ...['--config', '/nonexistent/nightjar.yaml', 'certificate', 'verify', file],
      ...args,
    ]);
  }
  const headWith = (more: object): object => ({ ...HEAD, publicKey: signer.publicKey, ...more });
  const knownKey = (): string[] => ['--key', join(dir, 'certificate-key.pub.pem')];

  it('is read where it is well made', async () => {
    expect(await verify([headWith({}), SAFE], knownKey())).toMatchObject({ code: 0, err: '' });
  });

  it.each<[string, object]>([
    ['a time that is none', { issuedAt: 'yesterday' }],
    ['numbers that are none', { files: ESCAPES, bytes: null, notSafe: {} }],
    ['a name of a share that is none', { share: '../../etc' }],
    ['a folder that is a list', { folder: ['x'] }],
    ['a key that is a number', { publicKey: 7 }],
    ['a verdict that is a word', { safe: 'yes' }],
    ['evidence that is a text', { evidence: 'verified' }],
  ])('with %s proves nothing, and says so', async (_, more) => {
    for (const args of [[], knownKey(), [...knownKey(), '--folder', folder]]) {
      const said = await verify([headWith(more), SAFE], args);

      expect(said.code).toBe(78);
      expect(said.err).toContain('CERTIFICATE_INVALID');
    }
  });

  it.each<[string, unknown]>([
    ['a time of a file that is none', { ...SAFE, mtimeNs: 'x' }],
    ['a size that is none', { ...SAFE, size: '4' }],
    ['a line that is a number', 7],
    ['a line that is neither safe nor not', { path: 'b.tif' }],
    ['a line that says both', { ...SAFE, notSafe: 'a.tif', reason: 'x' }],
    ['a file without a hash', { ...SAFE, sha256: undefined }],
    ['a reason that is none', { notSafe: 'b.tif', size: 1, reason: {} }],
    ['lists in lists', '['.repeat(200_000)],
  ])('with %s proves nothing, and says so', async (_, line) => {
    const said = await verify([headWith({}), SAFE, line], [...knownKey(), '--folder', folder]);

    expect(said.code).toBe(78);
    expect(said.err).toContain('CERTIFICATE_INVALID');
  });

  it.each<[string, readonly string[], unknown]>([
    ['a signature that is none', [], { of: 'nobody' }],
    ['no head', ['{"__proto__": {"certificate": "nightjar", "format": 1}}'], undefined],
    ['two heads in one', [`{"safe": false, "safe": true, "__proto__": {"safe": true}}`], undefined],
  ])('with %s is none', async (_, lines, signature) => {
    const said = await verify([...lines, headWith({}), SAFE], knownKey(), signature);

    expect(said.code).toBe(78);
    expect(({} as Record<string, unknown>)['certificate']).toBeUndefined();
  });

  it('says nothing to the terminal as it stands there, and is of an unknown key', async () => {
    const hostile = { folder: ESCAPES, issuedBy: ESCAPES, safe: false, notSafe: 1 };
    for (const json of [[], ['--json']]) {
      const said = await verify(
        [headWith(hostile), { notSafe: ESCAPES, size: 1, reason: ESCAPES }, SAFE],
        json,
      );

      expect(said.code).toBe(3);
      expect(said.out.split('\n').filter((line) => RAW.test(line))).toEqual([]);
    }
  });

  it('that counts other than it lists proves nothing', async () => {
    const none = await verify(
      [headWith({}), SAFE, { notSafe: 'b.tif', size: 1, reason: 'held' }],
      knownKey(),
    );
    const fewer = await verify([headWith({ files: 2 }), SAFE], knownKey());

    expect([none.code, fewer.code]).toEqual([78, 78]);
  });
});

it('the public key that is for everybody is that of the key, also where it was lost or another key was put back', () => {
  const [one, two] = [
    mkdtempSync(join(tmpdir(), 'nightjar-key-')),
    mkdtempSync(join(tmpdir(), 'nightjar-key-')),
  ];
  certificateSigner(one);
  const { publicKey } = certificateSigner(two);
  rmSync(join(two, 'certificate-key.pub.pem'));
  certificateSigner(two);
  expect(publicKeyIn(two)).toBe(publicKey);

  renameSync(join(two, 'certificate-key.pem'), join(one, 'certificate-key.pem'));
  certificateSigner(one);

  expect(publicKeyIn(one)).toBe(publicKey);
  for (const dir of [one, two]) rmSync(dir, { recursive: true });
});
