import { describe, expect, it } from 'vitest';
import { type CliLab, cliLab } from '../support/cli-lab.ts';

/** No platform listens there: what is refused here is refused before anybody is asked. */
const NOMAD = '{ nomad: { kind: nomad, base_url: "https://127.0.0.1:9/api/v1" } }';
const FOLDERS =
  'rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]\nowners: { mueller: {} }\ncollector: { nomad: { token: collector } }\n';
const nomadLab = async (): Promise<CliLab> => await cliLab({}, { destinations: NOMAD, folders: FOLDERS });

describe('token enrol', () => {
  it.each([
    [['--days', '3'], '--days needs --pat'],
    [['--read'], '--read needs --pat'],
    [['--paste', '--read'], '--read needs --pat'],
    [['--pat', '--days', '900'], 'a whole number of days, at most 365'],
    [['--pat', '--days', '0'], 'a whole number of days, at most 365'],
  ])('refuses %j before it asks for a password', async (options, words) => {
    await using lab = await nomadLab();

    const said = await lab.run('token', 'enrol', 'mueller', ...options);

    expect(said.code).toBe(64);
    expect(said.err).toContain(words);
  });
});
