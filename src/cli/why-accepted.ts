import type { Workspace } from '../app/workspace.ts';
import type { ShareConfig } from '../config/config.ts';
import { type AcceptedLine, acceptedBefore } from '../nightly/report-deliveries.ts';
import type { AskedPath } from './asked-path.ts';
import { isWithin } from './find-causes.ts';
import { ACCEPTED_TITLE, acceptedLines } from './render-accepted.ts';
import { style } from './style.ts';

type Asked = {
  readonly asked: AskedPath | undefined;
  readonly owner: string | undefined;
  readonly instrument: string | undefined;
};

/** What has gone and is not known to be there, in so far as it is asked about. */
export function acceptedOnly(
  { ledger }: Pick<Workspace, 'ledger'>,
  shares: readonly ShareConfig[],
  { asked, owner, instrument }: Asked,
): AcceptedLine[] {
  const names = new Set<string>(shares.map(({ name }) => name));
  return acceptedBefore({ ledger }, Number.POSITIVE_INFINITY, (head) => {
    const { dataset } = head;
    const isThere = asked === undefined || isWithin(dataset, asked.path) || isWithin(asked.path, dataset);
    const isWhose = owner === undefined || head.owner === owner;
    return names.has(head.share) && isThere && isWhose && (instrument ?? head.instrument) === head.instrument;
  });
}

/** A section of `why`. */
export function acceptedSection(
  found: readonly AcceptedLine[],
  { now, out }: { readonly now: number; readonly out: NodeJS.WriteStream },
): string[] {
  const lines = acceptedLines(found, now).map((line) => `  ${line}`);
  return lines.length === 0 ? [] : ['', style(out, 'bold', ACCEPTED_TITLE), ...lines];
}
