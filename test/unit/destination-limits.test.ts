import { describe, expect, it } from 'vitest';
import { parallelAt } from '../../src/app/destination-limits.ts';
import { userAgentOf } from '../../src/app/user-agent.ts';
import { checkContact } from '../../src/cli/check/check-contact.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { destinationName } from '../../src/core/ids.ts';
import { configFiles, GOOD_FOLDERS, problemLines } from '../support/config-files.ts';

const NIGHTJAR = `
state_dir: /var/lib/nightjar
shares: { lab: { root: /mnt/lab } }
default_destination: nomad
`;
const FOLDERS = `${GOOD_FOLDERS}collector: { nomad: { token: collector } }\n`;

const withNomad = (keys: string, more = ''): string =>
  `${NIGHTJAR}${more}destinations:
  nomad: { kind: nomad, base_url: "https://nomad.example.org/api/v1", ${keys} }
  archive: { kind: directory, root: /srv/archive, max_parallel: 5 }
`;

function configOf(text: string): Config {
  using files = configFiles(text, FOLDERS);
  return loadConfig({ file: files.file, env: {}, home: '/home/lab' });
}

describe('the limits of a destination', () => {
  it('stand in its block; without its own number of deliveries the common one counts', () => {
    const config = configOf(
      withNomad(
        'requests_per_minute: 60, bandwidth: [{ from: "18:00", to: "06:00", limit: "100 MB/s" }, { limit: 10 MB/s }]',
      ),
    );

    expect(config.destinations[0]).toMatchObject({
      requestsPerMinute: 60,
      bandwidth: [{ from: '18:00', to: '06:00', limit: 100_000_000 }, { limit: 10_000_000 }],
    });
    expect(['nomad', 'archive'].map((name) => parallelAt(config, destinationName(name)))).toEqual([2, 5]);
  });

  it.each([
    ['bandwidth: [{ limit: 10 MB }]', 'expected a size per second'],
    ['bandwidth: [{ limit: "0 B/s" }]', 'expected a size per second'],
    ['bandwidth: [{ from: "18:00", limit: 1 MB/s }]', 'expected both'],
    ['bandwidth: [{ from: "18:00", to: "18:00", limit: 1 MB/s }]', 'two different times'],
    ['bandwidth: [{ from: "25:00", to: "18:00", limit: 1 MB/s }]', 'expected a time of day'],
    ['bandwidth: []', 'bandwidth'],
    [
      'bandwidth: [{ limit: 10 MB/s }, { from: "18:00", to: "06:00", limit: 1 MB/s }]',
      'destinations.nomad.bandwidth[1]: expected the line without times behind all others',
    ],
    ['max_parallel: 0', 'max_parallel'],
    ['requests_per_minute: 0', 'requests_per_minute'],
  ])('are refused where they make no sense: %s', (keys, words) => {
    expect(problemLines(withNomad(keys), FOLDERS).join('\n')).toContain(words);
  });
});

describe('whom to write to', () => {
  it.each(['nightjar@lab.example.org', 'https://lab.example.org/nightjar'])(
    'is told in the User-Agent: %s',
    (contact) => {
      const config = configOf(withNomad('', `contact: ${contact}\n`));

      expect(userAgentOf(config)).toMatch(/^nightjar\/\d+\.\d+\.\d+\S* \(\+\S+\)$/);
      expect(userAgentOf(config)).toContain(contact);
      expect(checkContact(config)).toMatchObject([{ level: 'ok' }]);
    },
  );

  it.each([
    String.raw`"a@b.org\r\nAuthorization: x"`,
    String.raw`"a@b.org\nx"`,
    '"a@b.org) x"',
    '"a@b.org)"',
    '"ä@b.org"',
    '"nobody"',
    '"ftp://lab.example.org"',
    '"https://"',
  ])('is refused where a header could be broken, or nobody be reached: %s', (contact) => {
    expect(problemLines(withNomad('', `contact: ${contact}\n`), FOLDERS).join('\n')).toContain(
      'expected a mail address or an http(s) URL',
    );
  });

  it('is recommended by `check` where there is a platform, and only there', () => {
    const config = configOf(withNomad(''));

    expect(userAgentOf(config)).toMatch(/^nightjar\/\S+$/);
    expect(checkContact(config)).toMatchObject([
      { level: 'warning', cure: expect.stringContaining('contact') },
    ]);
    expect(checkContact({ destinations: config.destinations.slice(1) })).toEqual([]);
  });
});
