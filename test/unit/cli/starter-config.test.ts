import { describe, expect, it } from 'vitest';
import { starterFiles } from '../../../src/cli/starter-config.ts';
import { readTexts } from '../../support/config-files.ts';

const CHOICES = { stateDir: '/var/lib/nightjar', timezone: 'Europe/Vienna' };

describe('the starter configuration', () => {
  it('of a directory as destination loads as it is, and is what was asked for', () => {
    const files = starterFiles({ ...CHOICES, share: '/data/my share', destination: '/data/out: #1' });
    const result = readTexts(files.nightjar, files.folders);

    expect(result).toMatchObject({
      ok: true,
      config: {
        shares: [{ name: 'lab', root: '/data/my share' }],
        destinations: [{ name: 'archive', kind: 'directory', root: '/data/out: #1' }],
        stateDir: '/var/lib/nightjar',
        schedule: { timezone: 'Europe/Vienna' },
        mapping: { defaultDestination: 'archive' },
      },
    });
  });

  it('without choices loads too, with the platform to be filled in', () => {
    const files = starterFiles({ ...CHOICES, share: undefined, destination: undefined });
    const result = readTexts(files.nightjar, files.folders);

    expect(result).toMatchObject({ ok: true, config: { mapping: { defaultDestination: 'nomad' } } });
    expect(files.nightjar).toContain('(*)');
  });
});
