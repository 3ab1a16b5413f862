import { IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import type { DeliveryEvent } from '../delivery/delivery-event.ts';
import type { Workspace } from './workspace.ts';

export type PutBack = (ids: readonly BatchId[], why: string) => void;

/** Puts back batches whose attempt is lost, and tells of those that are held for it. */
export function putBackLost(
  ids: readonly BatchId[],
  why: string,
  { ledger: { batches }, clock }: Workspace,
  emit: (event: DeliveryEvent) => void,
): void {
  for (const id of batches.backToPlanned(ids, why, clock.now())) {
    // Not the whole batch: a list that cannot be read may be why it is held.
    const batch = batches.head(id);
    const { message = '', hint = '' } = batch.error ?? {};
    const error = new IngestError('DELIVERY_CRASHED', message, { hint });
    emit({ name: 'delivery.failed', batch, error, decided: 'hold' });
  }
}
