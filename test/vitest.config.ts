import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** One project per folder of test/; they are described in docs/testing.md. */
const root = fileURLToPath(new URL('..', import.meta.url));
/**
 * As `src/nightjar` has it: else every process that reads a share, started by a test itself, would compile its code anew,
 * and that is a third of the work of an evening.
 */
process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules/.cache/nightjar-tests/own');
/** Half of the time is waiting (for files to settle, for a platform's answer), so three keep two cores busy. */
const MAX_WORKERS = 3;
/** What hangs shall fail, what is slow shall not: far more than a test takes on a machine that is busy with others. */
const project = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: {
    ...{ name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
    ...{ maxWorkers: MAX_WORKERS, setupFiles: ['test/support/tell-failures.ts'] },
  },
});

export default defineConfig({
  root,
  test: {
    globals: false,
    restoreMocks: true,
    projects: [
      project('unit', 60_000),
      project('architecture', 120_000),
      project('contract', 180_000),
      project('integration', 240_000),
      project('fault', 360_000),
      project('e2e', 480_000),
    ],
  },
});
