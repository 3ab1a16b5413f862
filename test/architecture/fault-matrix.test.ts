import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../fault/matrix/matrix.ts';
import { openSteps, type TestName } from '../fault/matrix/model.ts';
import { ROOT, readText } from './source-tree.ts';

const named: TestName[] = FAULTS.flatMap(({ cells }) => Object.values(cells).flatMap(({ tests }) => tests));

/** A test's name as it stands in its file, with the escapes that its quotes ask for. */
const isTest = ([file, name]: TestName): boolean => {
  const path = `test/${file}`;
  if (!existsSync(`${ROOT}${path}`)) return false;
  const text = readText(path);
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => text.includes(quoted));
};

describe('the fault matrix', () => {
  it('names only tests that there are', () => {
    expect(named.filter((one) => !isTest(one))).toEqual([]);
    expect(isTest(['fault/evening.test.ts', 'a test that nobody wrote'])).toBe(false);
  });

  it('accounts for every step of a fault', () => {
    const withGap = {
      group: 'disk',
      fault: 'a fault',
      cells: {},
      never: { steps: ['look'], why: 'no' },
    } as const;

    expect(openSteps(withGap)).toEqual(['plan', 'queue', 'open', 'send', 'close', 'record']);
    for (const fault of FAULTS) expect(openSteps(fault), fault.fault).toEqual([]);
  });

  it('shows at least one test for every state that it requires, and says nothing both shown and impossible', () => {
    for (const { fault, cells, never } of FAULTS) {
      for (const [step, { tests }] of Object.entries(cells)) {
        expect(tests.length, `${fault}, ${step}`).toBeGreaterThan(0);
        expect(never?.steps ?? [], `${fault}, ${step}`).not.toContain(step);
      }
      expect(Object.keys(cells), fault).not.toEqual([]);
    }
  });
});
