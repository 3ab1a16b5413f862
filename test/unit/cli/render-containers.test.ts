import { expect, it } from 'vitest';
import { containerLines } from '../../../src/cli/render-containers.ts';
import { destinationName, ownerId } from '../../../src/core/ids.ts';

it('a container that may be left over is told with what may be deleted, and a lost one without', () => {
  const at = {
    destination: destinationName('nomad'),
    owner: ownerId('mueller'),
    at: 1,
    said: 'said',
    batches: 1,
    files: 2,
  };

  const doubtful = containerLines({ finishedAt: 2, containers: [{ ...at, what: 'doubtful' }] });
  const lost = containerLines({ finishedAt: 2, containers: [{ ...at, what: 'lost' }] });

  expect(doubtful.at(-1)).toMatch(
    /→ mueller may delete those of that name that have no file in them, and no other/,
  );
  expect(lost.join()).not.toContain('delete');
});
