import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readControl } from '../../src/config/control-file.ts';
import type { FoundControl } from '../../src/core/control.ts';
import type { SharePath } from '../../src/core/share-path.ts';

const DIR = 'SEM1/mueller/run' as SharePath;
const found = (content: string | Uint8Array, more: Partial<FoundControl> = {}): FoundControl => ({
  ...{ name: '.nightjar.yaml', size: content.length, mtimeNs: 1n },
  content: typeof content === 'string' ? Buffer.from(content) : content,
  ...more,
});
const read = (content: string | Uint8Array) => readControl(DIR, found(content));

describe('a control file', () => {
  it('says what it may say', () => {
    expect(read('hold: "labels are wrong"\nquiet: 2h\n')).toEqual({
      ...{ dir: DIR, file: `${DIR}/.nightjar.yaml`, hold: 'labels are wrong', quietMs: 7_200_000 },
    });
    expect(read('ready: true\ndataset: true\n')).toMatchObject({ ready: true, dataset: true });
    expect(read('skip: alignment only')).toMatchObject({ skip: 'alignment only' });
    expect(read('ready: false')).toMatchObject({ ready: false });
  });

  it('is read with the mark and the line ends that Windows writes', () => {
    expect(read('\ufeffhold: "wait"\r\n')).toMatchObject({ hold: 'wait' });
  });

  it.each([
    ['an unknown key', 'hodl: x', ':1:1: hodl: unknown key "hodl"', 'did you mean "hold"'],
    ['an owner', 'ready: true\nowner: chen', ':2:1: owner:', 'never says whose data is'],
    ['a destination', 'destination: nomad', ':1:1: destination:', 'where it goes'],
    ['a wrong type', 'hold: true', ':1:7: hold: expected a text', 'found true'],
    ['a word that is not a boolean', 'ready: yes', ':1:8: ready: expected true or false', 'found "yes"'],
    ['a duration without unit', 'quiet: 30', ':1:8: quiet:', 'duration'],
    ['a list', '- hold', ':1:1: expected a mapping', 'a list of 1'],
    ['nothing in it', '', ':1:1: expected a mapping', 'an empty file'],
    ['broken YAML', 'hold: "x', ':1:', 'not valid YAML'],
    ['a key twice', 'hold: a\nhold: b', ':2:1:', 'not valid YAML'],
    ['both hold and skip', 'hold: a\nskip: b', ':2:', 'hold and skip'],
  ])('with %s is a problem with its place', (_what, text, place, words) => {
    const { problem, hold, skip, ready } = read(text);

    expect(problem).toContain(`${DIR}/.nightjar.yaml${place}`);
    expect(problem).toContain(words);
    expect({ hold, skip, ready }).toEqual({});
  });

  it('in another encoding is a problem', () => {
    expect(read(Buffer.from('hold: wait', 'utf16le')).problem).toContain('nul');
    expect(read(Buffer.from('hold: J\xfcrgen', 'latin1')).problem).toContain('UTF-8');
  });

  it('that the look could not read is a problem', () => {
    const { content: _, ...unread } = found('');

    expect(readControl(DIR, { ...unread, problem: 'it cannot be read (EACCES)' }).problem).toBe(
      `${DIR}/.nightjar.yaml: it cannot be read (EACCES)`,
    );
  });

  it('is what the example in config/ shows', () => {
    const example = readFileSync(new URL('../../config/control-file.yaml', import.meta.url));
    const everyLine = example.toString('utf8').replaceAll(/^# (hold|skip):/gm, '$1:');

    expect(read(example)).toMatchObject({ ready: true, dataset: true, quietMs: 7_200_000 });
    expect(read(everyLine).problem).toContain('hold and skip contradict');
  });

  it.each(['.nightjar.yml', '.Nightjar.yaml', '.nightjar.yaml.txt'])('called %s is a problem', (name) => {
    expect(readControl(DIR, found('hold: x', { name })).problem).toContain('is called .nightjar.yaml');
  });
});
