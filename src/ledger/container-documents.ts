import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName } from '../core/ids.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** `putting`: it may be there; `there`: it is; `foreign`: somebody else's was there, and ours was not put. */
export type DocumentState = 'putting' | 'there' | 'foreign';

export type ContainerDocument = { readonly document: string; readonly state: DocumentState };

/** What was last put into each container to describe it. */
export function createContainerDocuments(db: DatabaseSync) {
  return {
    of: (destination: DestinationName, container: string): ContainerDocument | undefined => {
      const row = db
        .prepare('SELECT document, state FROM container_document WHERE destination = ? AND container = ?')
        .get(destination, container);
      if (row === undefined) return undefined;
      return { document: String(row['document']), state: String(row['state']) as DocumentState };
    },

    /** It was refused: as it was before. */
    restore: (destination: DestinationName, container: string, known: ContainerDocument | undefined): void =>
      inTransaction(db, () => {
        db.prepare(
          known === undefined
            ? 'DELETE FROM container_document WHERE destination = ?1 AND container = ?2'
            : 'UPDATE container_document SET document = ?3, state = ?4 WHERE destination = ?1 AND container = ?2',
        ).run(destination, container, ...(known === undefined ? [] : [known.document, known.state]));
      }),

    /** Before it is put `putting`, afterwards how it ended; `said` goes into the history of the batch that it was for. */
    save: (
      destination: DestinationName,
      container: string,
      { document, state }: ContainerDocument,
      { at, batch, said }: { readonly at: number; readonly batch: BatchId; readonly said?: string },
    ): void =>
      inTransaction(db, () => {
        db.prepare(
          `INSERT INTO container_document (destination, container, document, state, at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (destination, container) DO UPDATE SET document = excluded.document,
             state = excluded.state, at = excluded.at`,
        ).run(destination, container, document, state, at);
        if (said !== undefined)
          recordEvent(db, { at, batch, what: `container.${EVENTS[state]}`, detail: said });
      }),
  };
}

const EVENTS: Readonly<Record<DocumentState, string>> = {
  putting: 'describing',
  there: 'described',
  foreign: 'not-described',
};
