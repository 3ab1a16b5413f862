import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { renderReport } from '../../src/cli/render-report.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import type { Lab } from '../support/lab.ts';
import { deadToken, nomadLab } from '../support/nomad-lab.ts';
import {
  type Generation,
  type NomadServer,
  startNomadServer,
  type UserName,
} from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

/** The owners with a trouble of their own; everybody is `user` and the same number at the platform. */
const BAD_TOKEN = 'o01';
/** At the limit of unpublished uploads, with two made by hand: there is none to go on with. */
const NONE_KNOWN = 'o02';
/** At the limit too, with one made by hand and one that Nightjar made. */
const GONE_ON = 'o03';
/** One file of two makes the platform's processing fail. */
const POISONED = 'o04';
const POISON = `SEM1/${POISONED}/gold/a.tif`;

const userOf = (owner: string): UserName => `user${Number(owner.slice(1))}`;
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** SHA-256 by path on the share. */
type Hashes = ReadonlyMap<string, string>;

async function labOf(nomad: NomadServer, owners: readonly string[]): Promise<Lab> {
  const named = owners.map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`);
  const tokenFor = (owner: string): string =>
    owner === BAD_TOKEN ? deadToken(nomad.tokenOf(userOf(owner))) : nomad.tokenOf(userOf(owner));
  return await nomadLab(nomad, {
    folders: `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
${named.join('\n')}
collector: { nomad: { token: collector } }
`,
    block: 'join: dataset, max_upload: 600 kB',
    deliveries: 'concurrency: 6',
    tokens: Object.fromEntries(owners.map((owner) => [owner, tokenFor(owner)])),
  });
}

async function put(lab: Lab, owner: string): Promise<Hashes> {
  const number = Number(owner.slice(1));
  // Of GONE_ON, for the second dataset there is no room in the first upload.
  const large = owner === GONE_ON ? 450_000 : 20_000;
  const all = {
    'gold/a.tif': large,
    ...(number % 3 === 2 ? {} : { 'gold/b.tif': 300 }),
    ...(owner === GONE_ON || owner === BAD_TOKEN ? { 'steel/a.tif': large } : {}),
  };
  const hashes = new Map<string, string>();
  for (const [name, bytes] of Object.entries(all)) {
    const path = `SEM1/${owner}/${name}`;
    const data = Buffer.alloc(bytes, path);
    await lab.put(path, data);
    hashes.set(path, sha256(data));
  }
  return hashes;
}

/** An empty upload that the owner makes by hand. */
async function makeByHand({ generation, url, tokenOf }: NomadServer, owner: string): Promise<void> {
  const token = tokenOf(userOf(owner));
  const [query, header] = generation === 'v1.3' ? [`&token=${token}`, {}] : ['', { 'upload-token': token }];
  const headers = { accept: 'application/json', ...header };
  const answer = await fetch(`${url}/uploads?upload_name=mine${query}`, { method: 'POST', headers });
  expect(answer.status).toBe(200);
}

/** The data in all uploads of an account, each file once. */
async function inAccount(nomad: NomadServer, owner: string): Promise<Hashes> {
  const found = new Map<string, string>();
  for (const { id, mainAuthor } of nomad.uploads()) {
    if (mainAuthor !== nomad.userId(userOf(owner))) continue;
    for (const [path, hash] of await nomad.sha256Of(id)) {
      if (path.startsWith('lab/.nightjar/')) continue;
      const shown = path.replace(/^lab\//, '');
      expect(found.has(shown), `${path} is there twice`).toBe(false);
      found.set(shown, hash);
    }
  }
  return found;
}

/** For each parcel that has come, the user id of its account. */
function parcelsIn(nomad: NomadServer): string[] {
  const authors = new Map(nomad.uploads().map(({ id, mainAuthor }) => [id, mainAuthor]));
  return nomad.requests.flatMap(({ method, path, bodyBytes }) => {
    const [, id = ''] = /^\/uploads\/([^/]+)\/raw\//.exec(path) ?? [];
    return method === 'PUT' && bodyBytes > 0 ? (authors.get(id) ?? []) : [];
  });
}

/** An evening in which the platform goes away when so many parcels were sent, and comes back once that was noticed. */
async function eveningWithOutage(lab: Lab, nomad: NomadServer, parcels: number): Promise<RunReport> {
  const run = lab.start('run', '--json');
  const [out, err] = [run.stdout, run.stderr].map(async (stream) => await text(stream ?? Readable.from([])));
  const ended = once(run, 'exit');
  const mustGoOn = async (): Promise<void> => {
    if (run.exitCode !== null) throw new Error(`the run has ended with ${run.exitCode}: ${await err}`);
  };
  // Not before these two have their upload: where the answer to making it is lost, there is one more in the account.
  const early = [GONE_ON, POISONED].map((owner) => nomad.userId(userOf(owner)));
  await untilTrue(async () => {
    await mustGoOn();
    const sent = parcelsIn(nomad);
    return sent.length >= parcels && early.every((id) => sent.includes(id));
  }, `${parcels} parcels are sent`);
  await nomad.away();
  const ledger = openLedger(join(lab.root, 'state'));
  await untilTrue(() => ledger.outages.goingOn().some(({ probes }) => probes > 0), 'the outage is noticed');
  ledger.close();
  await nomad.back();
  await ended;
  return JSON.parse((await out) ?? '') as RunReport;
}

it.each<[Generation, number]>([
  ['v1.4', 30],
  ['v1.3', 8],
])(
  'an evening with NOMAD %s, %i owners, a bad token, full quotas, a poisoned file and an outage delivers everybody else once, and explains each',
  async (generation, number) => {
    const owners = Array.from({ length: number }, (_, at) => `o${String(at + 1).padStart(2, '0')}`);
    await using nomad = await startNomadServer({ generation });
    await using lab = await labOf(nomad, owners);
    for (const owner of [NONE_KNOWN, NONE_KNOWN, GONE_ON]) await makeByHand(nomad, owner);
    nomad.unpublishedLimit = 2;
    const words = `BadZipFile: Bad CRC-32 for file '${POISON}'`;
    nomad.poison = (members) => (members.some((path) => path.endsWith(POISON)) ? words : undefined);
    const shared = new Map<string, Hashes>();
    for (const owner of owners) shared.set(owner, await put(lab, owner));

    const report = await eveningWithOutage(lab, nomad, number / 2);

    for (const owner of owners) {
      const wanted = new Map(owner === BAD_TOKEN || owner === NONE_KNOWN ? [] : shared.get(owner));
      const found = new Map(await inAccount(nomad, owner));
      // What a failing process had merged stays there: it is not called delivered.
      for (const hashes of [wanted, found]) hashes.delete(POISON);
      expect(found, owner).toEqual(wanted);
    }
    const delivered = report.deliveries.reduce((sum, { files }) => sum + files, 0);
    expect(new Set(report.deliveries.map(({ evidence }) => evidence))).toEqual(new Set(['confirmed']));
    const inShare = [...shared.values()].reduce((sum, { size }) => sum + size, 0);
    const left = (shared.get(BAD_TOKEN)?.size ?? 0) + (shared.get(NONE_KNOWN)?.size ?? 0);
    expect(delivered).toBe(inShare - left - 1);
    expect(report).toMatchObject({
      ...{ outcome: 'attention', balanced: true },
      buckets: { held: { files: left }, rejected: { files: 1 }, waiting: { files: 0 } },
    });
    expectWords(renderReport(report, process.stdout), words);
  },
);

/** Each of the troubles in words that a manager can act on: who, what, what to do. */
function expectWords(report: string, processing: string): void {
  for (const words of [
    `The token of ${BAD_TOKEN} is refused by nomad.`,
    `A new one: nightjar token enrol ${BAD_TOKEN}`,
    `The account of ${NONE_KNOWN} is at its limit at nomad: no unpublished container more may be opened. None is known here that the data could go into: it is held.`,
    `Ask ${NONE_KNOWN} to publish or to delete a container on the platform`,
    `The account of ${GONE_ON} is at its limit at nomad: no unpublished container more may be opened. The data went into the newest one open, "nightjar ${GONE_ON} `,
    `Ask ${GONE_ON} to publish what is complete`,
    `nomad failed to process what was sent for ${POISONED}.`,
    POISON,
    processing,
    'nomad: away from ',
    'nothing waits for it any more',
  ])
    expect(report).toContain(words);
}
