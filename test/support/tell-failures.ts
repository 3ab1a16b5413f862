import { afterEach, beforeEach } from 'vitest';
import { beginTest, endTest, whatWasSeen } from './current-test.ts';

/** Runs before the tests of every file: one that fails, or runs out of time, says what its processes had said. */
beforeEach(({ task, onTestFailed }) => {
  beginTest(task.timeout);
  onTestFailed(() => {
    const seen = whatWasSeen();
    // oxlint-disable-next-line no-console -- this is the report of a failure
    if (seen !== '') console.error(seen);
  });
});

afterEach(endTest);
