import type { Batch } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Pause } from '../ledger/pauses.ts';
import type { Workspace } from './workspace.ts';

/**
 * Lifts the pauses that an error made and whose cause is gone, and puts their held batches back: a token that was
 * refused is tried again without side effect, a destination is asked whether it is well. A pause made by a person stays.
 */
export async function liftCured(
  workspace: Pick<Workspace, 'ledger' | 'destination' | 'clock'>,
  token: (batch: Pick<Batch, 'owner' | 'destination'>) => Promise<Secret | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, clock } = workspace;
  for (const pause of ledger.pauses.inForce(clock.now())) {
    if (pause.code === undefined) continue;
    const held = [...ledger.list({ states: ['held'], code: pause.code })].filter((head) =>
      isBehind(pause, head),
    );
    const sample = held[0];
    if (sample !== undefined && !(await isCured(workspace, sample, token, signal))) continue;
    ledger.pauses.lift(pause.kind, pause.name, clock.now());
    for (const { id } of held) ledger.batches.requeue(id, clock.now());
  }
}

function isBehind({ kind, name }: Pause, head: BatchHead): boolean {
  return kind === 'lane' ? head.lane === name : head.destination === name;
}

async function isCured(
  { destination }: Pick<Workspace, 'destination'>,
  sample: BatchHead,
  token: (batch: Pick<Batch, 'owner' | 'destination'>) => Promise<Secret | undefined>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await destination(sample.destination).check({ token: await token(sample), signal });
    return true;
  } catch {
    // Whatever it is, the cause is not gone; the pause already says what it was.
    return false;
  }
}
