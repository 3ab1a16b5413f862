import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { follow } from '../support/follow.ts';
import { bearerOf, deadToken, type NomadLab, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

const FOLDERS = `rules:
  - { match: "{instrument}/mueller/{dataset}/**", owner: mueller }
  - { match: "{instrument}/schmidt/{dataset}/**", owner: schmidt }
owners:
  mueller: { nomad: { token: mueller } }
  schmidt: { nomad: { token: schmidt } }
collector: { nomad: { token: collector } }
`;

/** `retries`: how refused tokens are asked about again; with an hour between, a test that waited would not end. */
async function labAt(nomad: NomadServer, retries: string): Promise<NomadLab> {
  return await nomadLab(nomad, { folders: FOLDERS, retries, tokens: {} });
}

const OFTEN = 'retry_limit: 100, retry_first: 100ms, retry_max: 500ms';
const HOURLY = 'retry_first: 1h, retry_max: 1h';

const refusals = (nomad: NomadServer): number =>
  nomad.requests.filter(({ status }) => status === 401 || status === 500).length;

describe.each(['v1.3', 'v1.4'] as const)('a token that NOMAD %s refuses', (generation) => {
  it('is asked about again in the same evening: an outage of user management holds nothing for a person', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad, OFTEN);
    await lab.drop('mueller', nomad.tokenOf('alice'));
    // v1.4 answers a bearer in an outage with 500, v1.3 with 401.
    await lab.drop('schmidt', bearerOf(nomad, 'bob'));
    for (const owner of ['mueller', 'schmidt'])
      for (const dataset of ['a', 'b']) await lab.put(`SEM1/${owner}/${dataset}/1`, dataset);
    nomad.outage = true;

    const running = lab.evening();
    await untilTrue(() => refusals(nomad) >= 6, 'both were refused and asked about again');
    expect(nomad.uploads()).toEqual([]);
    nomad.outage = false;
    const report = await running;

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect(report.owners).toMatchObject({
      mueller: { delivered: { files: 2 } },
      schmidt: { delivered: { files: 2 } },
    });
  });

  it('holds only its owner, and nobody waits for it where the tokens of others are taken', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad, HOURLY);
    await lab.drop('mueller', nomad.tokenOf('alice'));
    await lab.drop('schmidt', deadToken(nomad.tokenOf('bob')));
    await lab.put('SEM1/mueller/a/1', 'one');
    await lab.put('SEM1/schmidt/a/1', 'two');

    const report = await lab.evening();

    expect(report).toMatchObject({
      outcome: 'attention',
      owners: { mueller: { delivered: { files: 1 } }, schmidt: { held: { files: 1 } } },
    });
  });

  it('is waited for while the platform takes only a token of another kind, whose user it remembers', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad, OFTEN);
    const bearer = bearerOf(nomad, 'alice');
    await fetch(`${nomad.url}/uploads`, { headers: { authorization: `Bearer ${bearer}` } });
    await lab.drop('mueller', bearer);
    await lab.drop('schmidt', nomad.tokenOf('bob'));
    await lab.put('SEM1/schmidt/a/1', 'two');
    nomad.outage = 'remembered';

    const running = lab.evening();
    await Promise.race([
      running,
      untilTrue(() => refusals(nomad) >= 4, 'it was asked about again and again'),
    ]);
    nomad.outage = false;

    expect(await running).toMatchObject({
      outcome: 'done',
      owners: { schmidt: { delivered: { files: 1 } } },
    });
  });

  it('goes on at once in the same evening when a new one is dropped in', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad, HOURLY);
    await lab.drop('schmidt', deadToken(nomad.tokenOf('bob')));
    await lab.put('SEM1/schmidt/a/1', 'two');

    const running = lab.evening();
    await untilTrue(() => refusals(nomad) >= 2, 'it was refused, and asked about once more');
    await lab.drop('schmidt', nomad.tokenOf('bob'));
    const report: RunReport = await running;

    expect(report).toMatchObject({ outcome: 'done', owners: { schmidt: { delivered: { files: 1 } } } });
  });

  it.each([
    ['is replaced', true],
    ['appears', false],
  ])('lets the daemon deliver between evenings as soon as a good one %s', async (_, isThere) => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad, HOURLY);
    await lab.drop('mueller', nomad.tokenOf('alice'));
    await lab.drop('schmidt', deadToken(nomad.tokenOf('bob')));
    await lab.put('SEM1/mueller/a/1', 'one');
    await lab.put('SEM1/schmidt/a/1', 'two');
    expect((await lab.evening()).owners['schmidt']).toMatchObject({ held: { files: 1 } });
    if (!isThere) await rm(join(lab.root, 'tokens', 'schmidt'));

    const serve = follow(lab, 'serve');
    await serve.says('lane.refused');
    await lab.drop('schmidt', nomad.tokenOf('bob'));
    await serve.says('delivery.done');
    await serve.stop();

    expect(serve.lines().find(({ msg }) => msg === 'lane.resumed')).toMatchObject({ owner: 'schmidt' });
    expect(nomad.uploads().map(({ mainAuthor }) => mainAuthor)).toContain(nomad.userId('bob'));
  });

  it('that appears while the evening still delivers is used in it', async () => {
    await using nomad = await startNomadServer({ generation });
    await using lab = await labAt(nomad, OFTEN);
    await lab.drop('mueller', nomad.tokenOf('alice'));
    await lab.put('SEM1/mueller/a/1', 'one');
    await lab.put('SEM1/schmidt/a/1', 'two');
    let refused = 0;
    nomad.fault = ({ method, path }) => {
      if (method !== 'POST' || path !== '/uploads') return undefined;
      refused += 1;
      return { kind: 'answer', status: 503 };
    };

    const running = lab.evening();
    await untilTrue(() => refused > 1, 'the platform is busy');
    await lab.drop('schmidt', nomad.tokenOf('bob'));
    nomad.fault = undefined;

    expect(await running).toMatchObject({
      outcome: 'done',
      owners: { mueller: { delivered: { files: 1 } }, schmidt: { delivered: { files: 1 } } },
    });
  });
});
