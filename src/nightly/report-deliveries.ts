import { printable } from '../core/share-path.ts';
import { DELIVERED_STATES } from '../core/states.ts';
import type { Run } from '../ledger/runs.ts';
import { type Mails, mailsFor } from './mails.ts';
import type { NightlyParts } from './parts.ts';

/** One batch delivered in this run. */
export type DeliveryLine = {
  readonly batch: string;
  readonly owner: string;
  readonly destination: string;
  readonly dataset: string;
  readonly files: number;
  readonly bytes: number;
  readonly evidence: string;
  readonly how: string;
  readonly location: string;
  /** The first batch of the dataset, where this one came after it. */
  readonly follows?: string;
};

/** What was delivered in the run, and how often platforms may have mailed owners because of it. */
export function sentIn(
  parts: Pick<NightlyParts, 'ledger' | 'mailsOwners'>,
  run: Run,
): {
  deliveries: readonly DeliveryLine[];
  mails: readonly Mails[];
} {
  const deliveries = deliveriesOf(parts, run);
  return { deliveries, mails: mailsFor(deliveries, parts.mailsOwners ?? (() => false)) };
}

function deliveriesOf(parts: Pick<NightlyParts, 'ledger'>, run: Run): DeliveryLine[] {
  const lines: DeliveryLine[] = [];
  for (const head of parts.ledger.list({ states: DELIVERED_STATES, changedSince: run.since })) {
    const { owner, destination, files, bytes, receipt, follows } = head;
    const { how = '', location = '' } = receipt ?? {};
    const dataset = printable(head.dataset);
    lines.push({
      batch: head.id,
      owner,
      destination,
      dataset,
      files,
      bytes,
      evidence: head.state,
      how,
      location,
      ...(follows === undefined ? {} : { follows }),
    });
  }
  return lines;
}
