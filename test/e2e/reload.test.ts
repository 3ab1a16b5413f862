import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { follow } from '../support/follow.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { untilTrue } from '../support/until.ts';

const folders = (lab: Lab): string => join(lab.root, 'folders.yaml');
const RULE = (match: string, owner: string): string => `rules:\n  - { match: "${match}", owner: ${owner} }\n`;

async function edit(lab: Lab, rules: string): Promise<void> {
  await writeFile(folders(lab), readFileSync(folders(lab), 'utf8').replace('rules:\n', rules));
}

type Mapping = { readonly acceptedBy: string; readonly problem?: { readonly code: string } };
const statusOf = async (lab: Lab): Promise<Mapping> =>
  (JSON.parse((await lab.nightjar('status', '--json')).out) as { mapping: Mapping }).mapping;

describe('a folders.yaml that changes while the daemon runs', () => {
  it('is taken over by itself when it moves nothing, and with SIGHUP it says how it stands', async () => {
    await using lab = await startLab();
    const serve = follow(lab, 'serve');
    await serve.says('mapping.in-force');

    await edit(lab, RULE('SEM1/visitor/**', 'schmidt'));
    await serve.says('mapping.taken-over');
    const before = serve.count('mapping.in-force');
    serve.child.kill('SIGHUP');
    await untilTrue(() => serve.count('mapping.in-force') > before, 'the answer to SIGHUP');

    expect((await statusOf(lab)).acceptedBy).toContain('nightjar serve (pid');
    expect(serve.lines().find(({ msg }) => msg === 'mapping.taken-over')).toMatchObject({ level: 'info' });
    expect(await serve.stop()).toBe(0);
  });

  it('trap 22: is refused once when it moves delivered data, also after a restart, until a person accepts it', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/1', 'one');
    expect((await lab.evening()).outcome).toBe('done');
    const first = follow(lab, 'serve');
    await first.says('mapping.in-force');
    await edit(lab, RULE('SEM1/mueller/a/**', 'schmidt'));
    await first.says('mapping.refused');
    await first.stop();

    const second = follow(lab, 'serve');
    await second.says('mapping.refused');
    const refused = await statusOf(lab);
    const accepted = await lab.nightjar('accept-mapping', '--yes');
    await second.says('mapping.accepted');

    expect(refused.problem?.code).toBe('MAPPING_NOT_ACCEPTED');
    expect(first.count('mapping.refused')).toBe(1);
    expect(accepted.code).toBe(0);
    expect(await statusOf(lab)).not.toHaveProperty('problem');
    expect(await second.stop()).toBe(0);
  });

  it('is told of once when it cannot be read, and the one before stays in force', async () => {
    await using lab = await startLab();
    const serve = follow(lab, 'serve');
    await serve.says('mapping.in-force');
    const good = readFileSync(folders(lab), 'utf8');

    await rm(folders(lab));
    await serve.says('mapping.refused');
    serve.child.kill('SIGHUP');
    // In one step: after SIGHUP the file is read at once, also one that is being written.
    await writeFile(`${folders(lab)}.new`, 'rules: [');
    await rename(`${folders(lab)}.new`, folders(lab));
    await untilTrue(() => serve.count('mapping.refused') === 2, 'the second problem');
    const status = await statusOf(lab);
    await writeFile(folders(lab), good);
    await untilTrue(() => serve.count('mapping.in-force') === 2, 'the good one again');

    expect(status.problem?.code).toBe('CONFIG_INVALID');
    expect(serve.count('mapping.refused')).toBe(2);
    expect(await serve.stop()).toBe(0);
  });
});
