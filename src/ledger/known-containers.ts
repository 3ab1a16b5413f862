import type { DatabaseSync } from 'node:sqlite';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import { textOf } from './batch-row.ts';
import type { StoredContainer } from './containers.ts';

/** A container of an owner, and since when it is known, ms since 1970. */
export type KnownContainer = StoredContainer & { readonly since: number };

const MADE_IN = `SELECT json_extract(remote, '$.account') AS account FROM container
  WHERE owner = ?1 AND (?2 IS NULL OR destination = ?2) AND account IS NOT NULL ORDER BY opened_at DESC LIMIT 1`;

const SENT_INTO = `SELECT json_extract(container, '$.account') AS account FROM batch
  WHERE sent_order IS NOT NULL AND owner = ?1 AND (?2 IS NULL OR destination = ?2) AND account IS NOT NULL
  ORDER BY sent_order DESC LIMIT 1`;

/** The containers that an owner's batches went into, or may have gone into, and those that are open for them now. */
export function createKnownContainers(db: DatabaseSync) {
  return {
    /** Oldest first, without those that are known to be gone or closed to us. What a person does with them is not known here. */
    ofOwner: (destination: DestinationName, owner: OwnerId): KnownContainer[] =>
      db
        .prepare(
          `SELECT remote, min(at) AS since FROM (
             SELECT container AS remote, planned_at AS at FROM batch
               WHERE destination = ?1 AND owner = ?2 AND container IS NOT NULL
             UNION ALL SELECT remote, opened_at FROM container WHERE destination = ?1 AND owner = ?2)
           WHERE json_extract(remote, '$.id') NOT IN (SELECT id FROM lost_container WHERE destination = ?1)
           GROUP BY json_extract(remote, '$.id') ORDER BY since, json_extract(remote, '$.id')`,
        )
        .all(destination, owner)
        .map((row) => ({ ...containerOf(row['remote']), since: Number(row['since']) })),

    /**
     * The account that the owner's newest container was made in, as the platform told; undefined: it told of none. Where
     * every container is forgotten, that of the batch that was sent last.
     */
    accountOf: (owner: OwnerId, destination?: DestinationName): string | undefined => {
      const row = db.prepare(MADE_IN).get(owner, destination ?? null);
      const sent = row ?? db.prepare(SENT_INTO).get(owner, destination ?? null);
      return textOf(sent?.['account']);
    },

    /** The container that a lane went on with because its account may open no more, and since when; undefined: none. */
    reusedIn: (lane: string): KnownContainer | undefined => {
      const row = db
        .prepare(
          `SELECT container AS remote, min(event.at) AS since FROM batch JOIN event ON event.batch = batch.no
           WHERE lane = ? AND state IN ('accepted', 'confirmed', 'verified') AND what = 'container.reused'
           GROUP BY json_extract(container, '$.id') ORDER BY max(event.at) DESC LIMIT 1`,
        )
        .get(lane);
      return row === undefined ? undefined : { ...containerOf(row['remote']), since: Number(row['since']) };
    },
  };
}

const containerOf = (text: unknown): StoredContainer => JSON.parse(String(text)) as StoredContainer;
