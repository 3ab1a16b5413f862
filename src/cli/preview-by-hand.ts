import type { Workspace } from '../app/workspace.ts';
import type { FoundByHand } from '../ledger/by-hand.ts';
import type { Verdict } from '../nightly/judge.ts';
import { type ByHandLine, byHandLine } from '../nightly/report-by-hand.ts';

/** A find of this or an earlier run, and how many files of it are not sent because of it. */
export type PreviewedByHand = ByHandLine & { readonly keeps: number };

/** Gathers which finds keep the files of a preview back. */
export function previewByHand({ ledger, assign }: Pick<Workspace, 'ledger' | 'assign'>) {
  const keeping = new Map<string, { readonly found: FoundByHand | undefined; keeps: number }>();
  return {
    see: ({ bucket, share, path, entry, owner, dataset }: Verdict): void => {
      if (bucket !== 'byHand') return;
      const key = JSON.stringify([share, owner, dataset]);
      const known = keeping.get(key);
      if (known !== undefined) {
        known.keeps += 1;
        return;
      }
      const whose = assign(share, path, entry);
      const found = whose.kind === 'owned' ? ledger.byHand.find({ ...whose, share }) : undefined;
      keeping.set(key, { found, keeps: 1 });
    },

    /** Those, and what this run found in part, or found no more. */
    lines: (runNo: number): PreviewedByHand[] => {
      const whole = [...keeping.values()].flatMap(({ found, keeps }) =>
        found === undefined ? [] : [{ ...byHandLine(found), keeps }],
      );
      const others = ledger.byHand.ofRun(runNo).filter(({ kind }) => kind === 'some' || kind === 'gone');
      return [...whole, ...others.map((found) => ({ ...byHandLine(found), keeps: 0 }))];
    },
  };
}
