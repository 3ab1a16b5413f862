import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** One project per folder of test/; the folders and their budgets are described in docs/testing.md. */
const root = fileURLToPath(new URL('..', import.meta.url));
/** Half of the time is waiting (for files to settle, for a platform's answer), so three keep two cores busy. */
const MAX_WORKERS = 3;
const project = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: {
    ...{ name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
    maxWorkers: MAX_WORKERS,
  },
});

export default defineConfig({
  root,
  test: {
    globals: false,
    restoreMocks: true,
    projects: [
      project('unit', 10_000),
      project('architecture', 20_000),
      project('contract', 30_000),
      project('integration', 60_000),
      project('fault', 120_000),
      project('e2e', 180_000),
    ],
  },
});
