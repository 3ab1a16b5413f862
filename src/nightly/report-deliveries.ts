import { printable } from '../core/share-path.ts';
import { DELIVERED_STATES } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { ofRun, type Run } from '../ledger/runs.ts';
import { type BatchContents, contentsOf } from './batch-contents.ts';
import { type Mails, mailsFor } from './mails.ts';
import type { NightlyParts } from './parts.ts';

/** One batch delivered in this run. */
export type DeliveryLine = BatchContents & {
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
  /** It was sent then, and only accepted; this run found that it is there. */
  readonly acceptedAt?: number;
};

/** A batch that its destination has only accepted, before this run. */
export type AcceptedLine = Pick<
  DeliveryLine,
  'batch' | 'owner' | 'destination' | 'dataset' | 'files' | 'bytes' | 'location'
> &
  BatchContents & { readonly share: string; readonly acceptedAt: number };

/** What was delivered in the run, and how often platforms may have mailed owners because of it. */
export function sentIn(
  parts: Pick<NightlyParts, 'ledger' | 'clock' | 'mailsOwners'>,
  run: Run,
): {
  deliveries: readonly DeliveryLine[];
  mails: readonly Mails[];
  stillAccepted?: readonly AcceptedLine[];
} {
  const deliveries = deliveriesOf(parts, run);
  const sent = deliveries.filter(({ acceptedAt }) => acceptedAt === undefined);
  const stillAccepted = acceptedBefore(parts, run.since);
  return {
    deliveries,
    mails: mailsFor(sent, parts.mailsOwners ?? (() => false)),
    ...(stillAccepted.length === 0 ? {} : { stillAccepted }),
  };
}

/** The batches of which their destination has not said yet what became of them, though it took them before `since`. */
export function acceptedBefore(
  { ledger }: Pick<NightlyParts, 'ledger'>,
  since: number,
  isAsked: (head: BatchHead) => boolean = () => true,
): AcceptedLine[] {
  return [...ledger.list({ states: ['accepted'] })]
    .filter((head) => head.changedAt < since && isAsked(head))
    .map((head) => ({ ...acceptedLine(head), ...contentsOf(ledger, head) }));
}

function acceptedLine(head: BatchHead): AcceptedLine {
  const { id, owner, destination, dataset, share, files, bytes, receipt, changedAt } = head;
  return {
    ...{ batch: id, share, owner, destination, dataset: printable(dataset), files, bytes },
    ...{ location: receipt?.location ?? '', acceptedAt: changedAt },
  };
}

function deliveriesOf(parts: Pick<NightlyParts, 'ledger' | 'clock'>, run: Run): DeliveryLine[] {
  const lines: DeliveryLine[] = [];
  const isOfRun = ofRun(run, parts.clock.now());
  for (const head of parts.ledger.list({ states: DELIVERED_STATES, changedSince: run.since })) {
    if (!isOfRun(head.changedAt)) continue;
    const { owner, destination, files, bytes, receipt, follows } = head;
    const { how = '', location = '', acceptedAt } = receipt ?? {};
    const dataset = printable(head.dataset);
    lines.push({
      batch: head.id,
      owner,
      destination,
      dataset,
      ...contentsOf(parts.ledger, head),
      files,
      bytes,
      evidence: head.state,
      how,
      location,
      ...(follows === undefined ? {} : { follows }),
      ...(acceptedAt === undefined ? {} : { acceptedAt }),
    });
  }
  return lines;
}
