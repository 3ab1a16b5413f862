import { printable } from '../core/share-path.ts';
import type { PublicationState } from '../ledger/publications.ts';
import type { RunReport } from '../nightly/run-report.ts';

export const PUBLICATIONS_TITLE = 'Published, or to be published';

const WORDS: Readonly<Record<PublicationState, string>> = {
  published: 'published',
  publishing: 'asked for; whether it is, will be looked for',
  waiting: 'delivered, NOT published; it is tried again with the next run',
  refused: 'delivered, NOT published, and not tried again: publish it by hand where it shall be public',
};

/** What became of batches that rules publish. */
export function publicationLines({ publications = [] }: Pick<RunReport, 'publications'>): string[] {
  return publications.flatMap(({ batch, owner, destination, state, said }) => [
    `${batch} of ${owner} at ${destination}: ${WORDS[state]}`,
    `    ${printable(said)}`,
  ]);
}
