import { IngestError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';

/** The two generations in the field: v1.3 takes the token as `?token=`, v1.4 and 2.x as a header `Upload-Token`. */
export type Generation = 'v1.3' | 'v1.4';

/** base64url(16 bytes of the user id) '.' base64url(HMAC): SHA-1 has 27 characters, SHA-256 43 (nomad auth sources). */
const TOKEN = /^([A-Za-z0-9_-]{22})\.(?:[A-Za-z0-9_-]{27}|[A-Za-z0-9_-]{43})$/;
const LONG = 66;

const NOT_A_TOKEN =
  'Take the upload token from "command line upload" on the uploads page of the platform and enrol it anew.';

/** The platform's user id (a UUID) that the token belongs to, read offline; TOKEN_REJECTED when it is no upload token. */
export function tokenOwnerId(token: Secret): string {
  const id = TOKEN.exec(token.reveal())?.[1];
  if (id === undefined) {
    throw new IngestError('TOKEN_REJECTED', 'reading an upload token: it does not look like one of NOMAD', {
      hint: NOT_A_TOKEN,
      context: { length: token.reveal().length },
    });
  }
  const hex = Buffer.from(id, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The generation of the platform that made the token, by its length; TOKEN_REJECTED when it is no upload token. */
export function tokenGeneration(token: Secret): Generation {
  tokenOwnerId(token);
  return token.reveal().length === LONG ? 'v1.4' : 'v1.3';
}

/** Refuses (TOKEN_REJECTED) a token that belongs to another account than the one configured for the owner. */
export function checkTokenOwner(token: Secret, userId: string, owner: string): void {
  const actual = tokenOwnerId(token);
  if (actual === userId.trim().toLowerCase()) return;
  throw new IngestError(
    'TOKEN_REJECTED',
    `the token of ${owner} belongs to user ${actual}, not to ${userId}`,
    {
      hint: `Enrol the token of user ${userId} for ${owner}, or correct user_id in the folder mapping. Nothing was sent.`,
      context: { owner, userId, actual },
    },
  );
}
