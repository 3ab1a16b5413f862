import { describe, expect, it } from 'vitest';
import { ownersAt } from '../../../src/app/watch-tokens.ts';
import { judgeRedis } from '../../../src/cli/check/check-outside.ts';
import { destinationName } from '../../../src/core/ids.ts';
import { readTexts } from '../../support/config-files.ts';

const NIGHTJAR = `
shares: { lab: { root: /mnt/lab } }
destinations:
  nomad: { kind: nomad, base_url: "https://nomad.example.org/api/v1" }
  archive: { kind: directory, root: /srv/archive }
schedule: { evening: "20:00" }
`;

function ownersOf(folders: string, destination: string, byDefault = 'archive'): string[] {
  const result = readTexts(`${NIGHTJAR}default_destination: ${byDefault}\n`, folders);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return ownersAt(result.config, { name: destinationName(destination) });
}

describe('what check looks at', () => {
  const owners = 'owners:\n  ada: { nomad: { token: ada } }\n  bob: { nomad: { token: bob } }\n';

  it('are the tokens of those alone whose data a rule can send there', () => {
    const rules =
      'rules:\n  - { match: "AFM/**", owner: ada, destination: nomad }\n  - { match: "{instrument}/{owner}/**" }\n';

    expect(ownersOf(`${rules}${owners}`, 'nomad')).toEqual(['ada']);
    expect(ownersOf(`${rules}${owners}`, 'archive')).toEqual(['ada', 'bob', 'collector']);
  });

  it('are nobody for rules that hold or exclude', () => {
    const rules =
      'rules:\n  - { match: "A/{owner}/**", hold: "x", destination: nomad }\n  - { match: "B/**", exclude: "y", destination: nomad }\n';

    expect(ownersOf(`${rules}${owners}`, 'nomad')).toEqual([]);
  });

  it('is whether an outside Redis keeps what it is given', () => {
    const info = (policy: string) => `# Server\r\nredis_version:7.0.15\r\nmaxmemory_policy:${policy}\r\n`;

    expect(judgeRedis('redis:6379', info('noeviction'))).toMatchObject({ level: 'ok' });
    expect(judgeRedis('redis:6379', info('allkeys-lru'))).toMatchObject({ level: 'warning' });
  });
});
