const WORDS: Readonly<Record<string, string>> = { notSettled: 'not settled', byHand: 'by hand' };

/** A bucket of a run, for a person. */
export const bucketWord = (bucket: string): string => WORDS[bucket] ?? bucket;
