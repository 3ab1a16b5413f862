import { asIngestError, type IngestError } from '../core/errors.ts';

type Passing = {
  /** What is tried, for the words of a failure that is not ours. */
  readonly attempted: string;
  readonly begun: (error: IngestError) => void;
  /** `error`: the last one that was told. */
  readonly over: (error: IngestError) => void;
};

/**
 * For what a long-lived process does again and again: one failure ends nothing. It is told when it begins, or becomes
 * another, and when it is over, not each time. The answer is the error, undefined when it went well.
 */
export function tellPassing({
  attempted,
  begun,
  over,
}: Passing): (work: () => void) => IngestError | undefined {
  let told: IngestError | undefined;
  return (work) => {
    try {
      work();
    } catch (thrown) {
      const error = asIngestError(thrown, attempted);
      if (error.message !== told?.message) begun(error);
      told = error;
      return error;
    }
    if (told !== undefined) over(told);
    told = undefined;
    return undefined;
  };
}
