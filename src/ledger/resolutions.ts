import type { DatabaseSync } from 'node:sqlite';
import type { OwnerQuestion, SourceAnswer } from '../core/owner-source.ts';
import { encodeBytes } from '../core/share-path.ts';
import { inTransaction } from './transaction.ts';

/** A source's answer as kept. `stamp` says of what it was read; `until`: how long it counts, ms since 1970. */
export type Resolution = {
  readonly answer: SourceAnswer;
  readonly stamp: string;
  readonly at: number;
  readonly until: number | undefined;
};

/** What sources beside the path have said of the owners of datasets. */
export function createResolutions(db: DatabaseSync) {
  const find = db.prepare(
    'SELECT kind, said, stamp, at, until FROM resolution WHERE share = ? AND dataset = ? AND rule = ? AND source = ?',
  );
  const put = db.prepare(
    `INSERT INTO resolution (share, dataset, rule, source, kind, said, stamp, at, until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (share, dataset, rule, source) DO UPDATE SET kind = excluded.kind, said = excluded.said,
       stamp = excluded.stamp, at = excluded.at, until = excluded.until`,
  );
  return {
    find: (question: OwnerQuestion): Resolution | undefined => {
      const row = find.get(...keyOf(question));
      return row === undefined ? undefined : resolutionOf(row);
    },
    save: (answers: Iterable<readonly [OwnerQuestion, Resolution]>): void =>
      inTransaction(db, () => {
        for (const [question, { answer, stamp, at, until }] of answers) {
          const said = answer.kind === 'name' ? answer.name : answer.why;
          put.run(...keyOf(question), answer.kind, said, stamp, at, until ?? null);
        }
      }),
  };
}

const keyOf = ({ share, dataset, rule, source }: OwnerQuestion) =>
  [share, encodeBytes(dataset), rule, source] as const;

function resolutionOf(row: Record<string, unknown>): Resolution {
  const said = String(row['said']);
  const kind = row['kind'];
  return {
    answer:
      kind === 'name'
        ? { kind, name: said }
        : { kind: kind === 'nobody' ? 'nobody' : 'unresolved', why: said },
    stamp: String(row['stamp']),
    at: Number(row['at']),
    until: row['until'] === null ? undefined : Number(row['until']),
  };
}
