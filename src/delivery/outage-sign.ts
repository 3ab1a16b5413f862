import type { IngestError } from '../core/errors.ts';

/**
 * What a failure says of its destination. `told`: it asked itself for quiet. `suspect`: it may be away, or it is only
 * this batch that it does not bear. `none`: a matter of the batch, the account or the share.
 */
export type OutageSign = 'told' | 'suspect' | 'none';

export function outageSign(error: IngestError): OutageSign {
  if (error.disposition !== 'retry') return 'none';
  if (error.code === 'DESTINATION_UNREACHABLE' || error.code === 'DESTINATION_STALLED') return 'suspect';
  // A maintenance page with 200, a captive portal: whoever answers there says nothing of the batch.
  if (error.context['notPlatform'] === true) return 'suspect';
  // An adapter's own wait for one container has the container's state here, not the status of an answer.
  const { status } = error.context;
  if (typeof status !== 'number') return 'none';
  if (status === 429) return 'told';
  if (status < 500) return 'none';
  return error.retryAfterMs === undefined ? 'suspect' : 'told';
}
