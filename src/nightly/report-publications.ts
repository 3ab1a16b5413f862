import type { PublicationLine } from '../ledger/publications.ts';
import type { NightlyParts } from './parts.ts';

type Publications = { readonly publications?: readonly PublicationLine[] };

/** What became in this run of batches that are to be published, and what of earlier ones still waits; absent: nothing. */
export function publicationsOf({ ledger }: Pick<NightlyParts, 'ledger'>, since: number): Publications {
  const publications = ledger.publications.since(since);
  return publications.length === 0 ? {} : { publications };
}

/** What a rule wants public and is not: a person should know why. */
export function isUnpublished({ publications = [] }: Publications): boolean {
  return publications.some(({ state }) => state === 'waiting' || state === 'refused');
}
