import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** One project per folder of test/; the folders and their budgets are described in docs/testing.md. */
const root = fileURLToPath(new URL('..', import.meta.url));
const project = (name: string, testTimeout: number, maxWorkers = 2) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, maxWorkers },
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
      // Half of their time is waiting (for files to settle, for a platform's answer), so three keep two cores busy.
      project('integration', 60_000, 3),
      project('fault', 120_000),
      project('e2e', 180_000, 3),
    ],
  },
});
