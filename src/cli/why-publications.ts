import type { Workspace } from '../app/workspace.ts';
import type { PublicationLine } from '../ledger/publications.ts';
import type { AskedPath } from './asked-path.ts';
import { isWithin } from './find-causes.ts';
import { PUBLICATIONS_TITLE, publicationLines } from './render-publications.ts';
import { style } from './style.ts';

/** What is delivered and not published, though a rule asks for it, in so far as it is asked about. */
export function unpublishedOnly(
  { ledger }: Pick<Workspace, 'ledger'>,
  { asked, owner }: { readonly asked: AskedPath | undefined; readonly owner: string | undefined },
): PublicationLine[] {
  return ledger.publications.since(0).filter((line) => {
    if (line.state === 'published' || (owner ?? line.owner) !== line.owner) return false;
    const { dataset } = ledger.batches.head(line.batch);
    return asked === undefined || isWithin(dataset, asked.path) || isWithin(asked.path, dataset);
  });
}

/** A section of `why`. */
export function unpublishedSection(
  publications: readonly PublicationLine[],
  out: NodeJS.WriteStream,
): string[] {
  const lines = publicationLines({ publications }).map((line) => `  ${line}`);
  return lines.length === 0 ? [] : ['', style(out, 'bold', PUBLICATIONS_TITLE), ...lines];
}
