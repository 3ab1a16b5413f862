import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiAnswer, type NomadApi, nomadApi } from '../support/nomad-api.ts';
import { type Generation, type NomadServer, startNomadServer } from '../support/nomad-server.ts';

/** A fresh platform, alice at it with her upload token, and one empty upload of hers. */
export type World = { readonly nomad: NomadServer; readonly alice: NomadApi; readonly id: string };

/** Status and words of an answer; `text` of the detail where it refuses, else of the whole body. */
export type Says = readonly [status: number, text?: string | RegExp];

/** One line of the table: what is asked, and what each generation answers. `n/a`: it has no such thing, and is not asked. */
export type Row = readonly [
  situation: string,
  ask: (world: World) => Promise<ApiAnswer>,
  old: Says | 'n/a',
  since14: Says | 'n/a',
];

export const GENERATIONS: readonly Generation[] = ['v1.3', 'v1.4'];

/** Runs every line on both generations. */
export function conformance(title: string, rows: readonly Row[]): void {
  describe.each(GENERATIONS)(`${title}, NOMAD %s`, (generation) => {
    let world: World;

    beforeEach(async () => {
      const nomad = await startNomadServer({ generation });
      const alice = nomadApi(nomad, 'alice');
      world = { nomad, alice, id: await alice.create('n') };
    });
    afterEach(async () => {
      await world.nomad.close();
    });

    for (const [situation, ask, old, since14] of rows) {
      const says = generation === 'v1.3' ? old : since14;
      if (says === 'n/a') continue;
      const [status, text = ''] = says;
      it(`${situation}: ${status} ${String(text)}`, async () => {
        const answer = await ask(world);

        expect({ status: answer.status, said: saidIn(answer) }).toEqual({
          status,
          said: expect.stringMatching(typeof text === 'string' ? RegExp.escape(text) : text),
        });
      });
    }
  });
}

function saidIn({ text, json }: ApiAnswer): string {
  const detail = typeof json === 'object' && json !== null && 'detail' in json ? json.detail : undefined;
  if (typeof detail === 'string') return detail;
  return detail === undefined ? text : JSON.stringify(detail);
}

/** What lies in the upload once the platform is done, as an answer that a line can compare: names, sorted. */
export async function filesAfter({ nomad, id }: World, asked: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const answer = await asked;
  if (answer.status !== 200) return answer;
  await nomad.worker.idle();
  const names = [...(await nomad.filesOf(id)).keys()].join(' ');
  const upload = nomad.uploads().find((one) => one.id === id);
  return { ...answer, text: `${upload?.status}: ${names}`, json: undefined };
}
