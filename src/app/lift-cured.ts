import { asIngestError } from '../core/errors.ts';
import { outageSign } from '../delivery/outage-sign.ts';
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
  // A batch that did not fit waits for room of its own; what is held for an account goes with its lane.
  const groups = Map.groupBy(heldByCause(ledger), ({ id, lane, error }) =>
    error?.code === 'DISK_FULL' ? id : lane,
  );
  const ill: BatchHead[] = [];
  const away = new Set(ledger.pauses.inForce(clock.now()).flatMap(outageOf));
  for (const held of groups.values()) {
    const [sample] = held;
    if (sample === undefined) continue;
    const ids = new Set(held.map(({ id }) => id));
    const trouble = away.has(sample.destination) ? 'away' : await troubleOf(workspace, sample, token, signal);
    if (trouble === undefined) releaseHeld(ledger, ({ id }) => ids.has(id), clock.now());
    else ill.push(sample);
    if (trouble === 'away') away.add(sample.destination);
  }
  for (const pause of ledger.pauses.inForce(clock.now()))
    if (isMadeByError(pause) && !ill.some((head) => pauseOf([pause], head) !== undefined))
      ledger.pauses.lift(pause.kind, pause.name, clock.now());
}

/** A destination that is away has its own probes. */
const isMadeByError = ({ code, probes }: Pause): boolean => code !== undefined && probes === undefined;
const outageOf = ({ name, probes }: Pause): string[] => (probes === undefined ? [] : [name]);

/** `away`: the destination answers nobody, and its other lanes are not asked about. Undefined: the cause is gone. */
async function troubleOf(
  { destination }: Pick<Workspace, 'destination'>,
  sample: BatchHead,
  token: TokenOf,
  signal: AbortSignal,
): Promise<'away' | 'there' | undefined> {
  try {
    const call = { token: await token(sample, signal), signal };
    const room = sample.error?.code === 'DISK_FULL' ? { room: sample.bytes } : {};
    await destination(sample.destination).check({ ...call, ...room });
    return undefined;
  } catch (thrown) {
    // Whatever it is, the cause is not gone; the pause already says what it was.
    const error = asIngestError(thrown, `ask ${sample.destination} for ${sample.owner}`);
    return outageSign(error) === 'none' ? 'there' : 'away';
  }
}
