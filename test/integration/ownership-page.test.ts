import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shareName } from '../../src/core/ids.ts';
import { COLLECTOR_CODES } from '../../src/core/owner-reason.ts';
import { sharePath } from '../../src/core/share-path.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import { NOTHING_KNOWN } from '../../src/ownership/circumstances.ts';
import { GOOD_NIGHTJAR, readTexts } from '../support/config-files.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/settling-and-ownership.md'), 'utf8');
const half = page.slice(page.indexOf('## Whose is it'));

/** Each folders.yaml of the page with the answers below it. */
const EXAMPLES = [...half.matchAll(/^```yaml\n(.*?)^```\n\n```answers\n(.*?)^```/gms)].map(
  ([, folders = '', answers = '']) => ({ folders, answers: answers.trim().split('\n') }),
);

/** "mueller, sample=S12", "collector NO_RULE", "held PAUSED". */
function said(folders: string, path: string): string {
  const result = readTexts(GOOD_NIGHTJAR, folders);
  if (!result.ok) return JSON.stringify(result.problems);
  const around = { ...NOTHING_KNOWN, today: () => '2026-11-22' };
  const given = createAssigner(result.config.mapping, around).assign(sharePath(path), {
    share: shareName('lab'),
  });
  if (given.kind === 'excluded') return given.kind;
  if (given.kind === 'byHand') return `${given.owner ?? 'nobody'} by hand`;
  if (given.kind === 'held') return `held ${given.code}`;
  if (given.code !== undefined) return `${given.owner} ${given.code}`;
  const shown = Object.entries(given.facts).filter(([name]) => ['project', 'kind', 'sample'].includes(name));
  return [given.owner, ...shown.map(([name, value]) => `${name}=${value}`)].join(', ');
}

describe('the ownership half of docs/settling-and-ownership.md', () => {
  it('shows what its examples really say', () => {
    expect(EXAMPLES).toHaveLength(4);
    for (const { folders, answers } of EXAMPLES)
      for (const line of answers) {
        const [path = '', expected] = line.split(' | ');
        expect(`${path} | ${said(folders, path)}`).toBe(`${path} | ${expected}`);
      }
  });

  it('names every code of the collector', () => {
    const rows = [...half.matchAll(/^\| `([A-Z_]+)` /gm)].map(([, code]) => code);

    expect(rows).toEqual([...COLLECTOR_CODES]);
  });
});
