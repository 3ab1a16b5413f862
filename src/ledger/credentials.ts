import type { DatabaseSync } from 'node:sqlite';
import type { Secret } from '../core/secret.ts';
import { inTransaction } from './transaction.ts';

/** What is known of a token since it was enrolled: never its value. Times in ms since 1970. */
export type CredentialRecord = {
  /** Name of its file. */
  readonly name: string;
  readonly kind: string;
  /** The platform's id of a personal access token: what a rotation asks for. */
  readonly remoteId: string | undefined;
  /** The platform's user id of its owner. */
  readonly userId: string | undefined;
  readonly enrolledAt: number;
  /** Undefined: it does not end. */
  readonly expiresAt: number | undefined;
};

/** Tokens as they were enrolled, by the name of their file. */
export function createCredentials(db: DatabaseSync) {
  return {
    save: ({ name, kind, remoteId, userId, enrolledAt, expiresAt }: CredentialRecord): void => {
      db.prepare(
        `INSERT INTO credential (name, kind, remote_id, user_id, enrolled_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, remote_id = excluded.remote_id,
           user_id = excluded.user_id, enrolled_at = excluded.enrolled_at, expires_at = excluded.expires_at`,
      ).run(name, kind, remoteId ?? null, userId ?? null, enrolledAt, expiresAt ?? null);
    },

    forget: (name: string): void => {
      db.prepare('DELETE FROM credential WHERE name = ?').run(name);
    },

    /** The platform has told whose account the token of that name opens. Of the token itself its mark is kept. */
    learn: (name: string, token: Secret, userId: string, at: number): void =>
      inTransaction(db, () => {
        db.prepare(
          `INSERT INTO token_account (name, stamp, user_id, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET stamp = excluded.stamp, user_id = excluded.user_id, at = excluded.at`,
        ).run(name, token.mark(), userId, at);
      }),

    /** The user id that was learned of this very token; its file may be another, as systemd makes it anew at each start. */
    learned: (name: string, token: Secret): string | undefined => {
      const row = db.prepare('SELECT stamp, user_id FROM token_account WHERE name = ?').get(name);
      return row !== undefined && token.isMarked(String(row['stamp'])) ? String(row['user_id']) : undefined;
    },

    find: (name: string): CredentialRecord | undefined => {
      const row = db.prepare('SELECT * FROM credential WHERE name = ?').get(name);
      if (row === undefined) return undefined;
      const { remote_id: remoteId, user_id: userId, expires_at: expiresAt } = row;
      return {
        name,
        kind: String(row['kind']),
        remoteId: remoteId === null ? undefined : String(remoteId),
        userId: userId === null ? undefined : String(userId),
        enrolledAt: Number(row['enrolled_at']),
        expiresAt: expiresAt === null ? undefined : Number(expiresAt),
      };
    },
  };
}
