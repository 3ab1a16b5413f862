import { type EngineEvent, startEngine } from '../../src/app/engine.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Clock } from '../../src/core/clock.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';

/** An evening of the daemon's own parts in this process, by the clock of a test, which is told of each step. */
export async function engineEvening(
  file: string,
  clock: Clock,
  emit: (event: EngineEvent) => void = () => undefined,
): Promise<RunReport> {
  const http = createHttpClient({ userAgent: 'test', clock });
  try {
    const config = loadConfig({ env: {}, home: '/nonexistent', file });
    using workspace = openWorkspace(config, { clock, http });
    await using engine = await startEngine(workspace, { clock, env: {}, emit, holder: 'the test' });
    return await engine.runEvening(undefined, new AbortController().signal);
  } finally {
    await http.close();
  }
}
