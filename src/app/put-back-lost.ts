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
    const { message = '', hint = '' } = batches.head(id).error ?? {};
    const error = new IngestError('DELIVERY_CRASHED', message, { hint });
    emit({ name: 'delivery.failed', batch: batches.get(id), error, decided: 'hold' });
  }
}
