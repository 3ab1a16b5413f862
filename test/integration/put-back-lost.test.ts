import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { putBackLost } from '../../src/app/put-back-lost.ts';
import type { Workspace } from '../../src/app/workspace.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { DeliveryEvent } from '../../src/delivery/delivery-event.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';

it('a batch that is held as the last of its crashes is told also when its list cannot be read, and so is its neighbour', async () => {
  await using temp = await tempLedger();
  const { batches } = temp.ledger;
  const ids = ['a', 'b'].map((dir) => {
    const plan = planOf(dir, [entry('x')]);
    batches.plan(plan, { lane: `archive/${dir}`, at: 1, runNo: 1 });
    batches.markQueued(plan.id, 2);
    return batches.begin(plan.id, 3).id;
  });
  using db = new DatabaseSync(join(temp.stateDir, 'ledger.db'));
  db.prepare("UPDATE batch SET crashes = 4, holder = '4194305 1'").run();
  db.prepare("UPDATE batch SET list = x'00ff' WHERE id = ?").run(ids[0] ?? '');
  const told: DeliveryEvent[] = [];

  putBackLost(ids, 'its process is gone', { ...temp, clock: systemClock } as unknown as Workspace, (event) =>
    told.push(event),
  );

  expect(told).toMatchObject(
    ids.map((id) => ({ name: 'delivery.failed', batch: { id }, error: { code: 'DELIVERY_CRASHED' } })),
  );
});
