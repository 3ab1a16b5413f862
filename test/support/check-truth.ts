import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { NomadServer, UserName } from './nomad-server.ts';

/** Who an owner of the share is on the platform. */
export type Accounts = Readonly<Record<string, UserName>>;

/** Where to look: the platform, and the share and the ledger of the lab. */
type Places = {
  readonly nomad: NomadServer;
  readonly share: string;
  readonly stateDir: string;
  readonly accounts: Accounts;
};

/** One copy of some bytes on the platform. */
type Copy = { readonly account: string; readonly path: string };

/**
 * What is wrong after a recovery; empty when all is well. Every file's bytes are unique on the share, so that its
 * SHA-256 says whether it is there, there once, and in whose account.
 */
export async function findBreaches({ nomad, share, stateDir, accounts }: Places): Promise<string[]> {
  const copies = await copiesOn(nomad);
  const breaches: string[] = [];
  for (const [owner, user] of Object.entries(accounts)) {
    const account = nomad.userId(user);
    for (const [path, sha256] of await filesOf(join(share, 'SEM1', owner))) {
      const found = copies.get(sha256) ?? [];
      const where = found.map((copy) => `${copy.account} ${copy.path}`).join(', ');
      if (found.length === 0) breaches.push(`lost: SEM1/${owner}/${path}`);
      if (found.length > 1) breaches.push(`doubled: SEM1/${owner}/${path} is at ${where}`);
      if (found.some((copy) => copy.account !== account))
        breaches.push(`misplaced: SEM1/${owner}/${path} is at ${where}`);
    }
  }
  return [...breaches, ...claimedTooMuch({ nomad, stateDir, accounts }, copies)];
}

async function copiesOn(nomad: NomadServer): Promise<Map<string, Copy[]>> {
  const copies = new Map<string, Copy[]>();
  for (const { id, mainAuthor } of nomad.uploads())
    for (const [path, sha256] of await nomad.sha256Of(id)) {
      if (path.includes('.nightjar')) continue;
      copies.set(sha256, [...(copies.get(sha256) ?? []), { account: mainAuthor, path: `${id}/${path}` }]);
    }
  return copies;
}

async function filesOf(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    found.set(file.slice(root.length + 1), hash('sha256', await readFile(file)));
  }
  return found;
}

const DIGEST_BYTES = 32;

/** Files that the ledger calls confirmed or verified, and that the owner's account does not have. */
function claimedTooMuch(
  { nomad, stateDir, accounts }: Omit<Places, 'share'>,
  copies: ReadonlyMap<string, readonly Copy[]>,
): string[] {
  const ledger = openLedger(stateDir);
  try {
    const breaches: string[] = [];
    for (const head of ledger.list({ states: ['confirmed', 'verified'] })) {
      const user = accounts[head.owner];
      const account = user === undefined ? undefined : nomad.userId(user);
      const hashes = Buffer.from(ledger.batches.hashes(head.id));
      for (let at = 0; at < hashes.length; at += DIGEST_BYTES) {
        const sha256 = hashes.subarray(at, at + DIGEST_BYTES).toString('hex');
        if (!(copies.get(sha256) ?? []).some((copy) => copy.account === account))
          breaches.push(
            `claimed: batch ${head.id} of ${head.owner} is ${head.state}, file ${at / DIGEST_BYTES} is not there`,
          );
      }
    }
    return breaches;
  } finally {
    ledger.close();
  }
}
