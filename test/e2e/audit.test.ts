import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';

describe('old deliveries', () => {
  it('are asked for again by an evening; what is not there any more is told, held, and in no certificate', async () => {
    await using lab = await startLab({ extra: 'audit: { every: 1ms }' });
    await lab.put('SEM1/mueller/kept/a.tif', 'aaaa');
    await lab.put('SEM1/mueller/lost/b.tif', 'bbbb');
    const first = await lab.evening();
    const kept = await lab.nightjar('audit', 'deliveries', '--json');
    await writeFile(join(lab.delivered, 'mueller/data/lab/SEM1/mueller/lost/b.tif'), 'BBBB');

    const second = await lab.evening();
    const file = join(lab.root, 'c.jsonl');
    const certificate = await lab.nightjar('certificate', 'SEM1/mueller', '--out', file);
    const again = await lab.nightjar('audit', 'deliveries');

    expect(first.outcome).toBe('done');
    expect(kept.code).toBe(0);
    expect(JSON.parse(kept.out)).toMatchObject({ of: 2, holds: 2, gone: [], unknown: [] });
    expect(second).toMatchObject({
      outcome: 'attention',
      balanced: true,
      buckets: { unchanged: { files: 1 }, held: { files: 1 } },
      audit: { holds: 1, gone: [{ owner: 'mueller', dataset: 'SEM1/mueller/lost' }], unknown: [] },
      troubles: [{ code: 'EVIDENCE_GONE' }],
    });
    expect(certificate.code).toBe(3);
    expect(certificate.out).toMatch(/lost\/b\.tif: its destination does not have it any more/);
    const safe = readFileSync(file, 'utf8')
      .split('\n')
      .find((line) => line.includes('"path":"kept/a.tif"'));
    expect(JSON.parse(safe ?? '{}')).toMatchObject({
      evidence: 'verified',
      auditedAt: expect.stringMatching(/^\d{4}-/) as string,
    });
    expect(again).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        '1 delivery asked for again: 1 there as delivered, 0 not any more',
      ) as string,
    });
  });
});
