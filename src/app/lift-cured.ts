import type { BatchHead } from '../ledger/batch-row.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { Deliveries } from './deliveries.ts';
import { heldByCause, releaseHeld } from './release-held.ts';
import type { Workspace } from './workspace.ts';

type TokenOf = Deliveries['token'];

/**
 * Lifts the pauses that an error made and whose cause is gone, and puts the batches held for it back: a token that was
 * refused is tried without side effect, a destination is asked whether it is well. A pause made by a person stays.
 */
export async function liftCured(
  workspace: Pick<Workspace, 'ledger' | 'destination' | 'clock'>,
  token: TokenOf,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, clock } = workspace;
  const lanes = Map.groupBy(heldByCause(ledger), ({ lane }) => lane);
  const ill: BatchHead[] = [];
  for (const [lane, [sample]] of lanes) {
    if (sample === undefined) continue;
    if (await isWell(workspace, sample, token, signal))
      releaseHeld(ledger, (head) => head.lane === lane, clock.now());
    else ill.push(sample);
  }
  for (const pause of ledger.pauses.inForce(clock.now()))
    if (isMadeByError(pause) && !ill.some((head) => pauseOf([pause], head) !== undefined))
      ledger.pauses.lift(pause.kind, pause.name, clock.now());
}

/** A destination that is away has its own probes. */
const isMadeByError = ({ code, probes }: Pause): boolean => code !== undefined && probes === undefined;

async function isWell(
  { destination }: Pick<Workspace, 'destination'>,
  sample: BatchHead,
  token: TokenOf,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await destination(sample.destination).check({ token: await token(sample, signal), signal });
    return true;
  } catch {
    // Whatever it is, the cause is not gone; the pause already says what it was.
    return false;
  }
}
