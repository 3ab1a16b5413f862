import { IngestError } from '../core/errors.ts';

/** Does to a batch what may be done only while our attempt is its newest; answers with LEASE_LOST when another has it. */
export function unlessTaken(work: () => void): IngestError | undefined {
  try {
    work();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof IngestError && thrown.code === 'LEASE_LOST') return thrown;
    throw thrown;
  }
}
