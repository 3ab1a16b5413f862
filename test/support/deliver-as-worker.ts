/** `node deliver-as-worker.ts CONFIG SOCKET`: what `nightjar worker` does, with a lock of fifteen seconds, which a busy machine keeps; one line an event. */
import { startDeliveries } from '../../src/app/deliveries.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { createHttpClient } from '../../src/http/http-client.ts';

const [file = '', socketPath = ''] = process.argv.slice(2);
const http = createHttpClient({ userAgent: 'nightjar-test', clock });
const workspace = openWorkspace(loadConfig({ env: {}, home: '/nonexistent', file }), { clock, http });
await workspace.renew();
startDeliveries(
  workspace,
  {
    ...{ clock, env: {} },
    emit: (event) => console.log(event.name, 'error' in event ? event.error.code : ''),
    follow: workspace.mapping.follow,
  },
  { target: { socketPath }, trouble: console.error, lockMs: 15_000 },
);
