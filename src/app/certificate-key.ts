import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IngestError, systemCode } from '../core/errors.ts';

const KEY_FILE = 'certificate-key.pem';
const PUBLIC_FILE = 'certificate-key.pub.pem';

/** Signs certificates of one state directory; made with the first of them. */
export type Signer = { readonly publicKey: string; readonly sign: (bytes: Uint8Array) => string };

/** Throws TOKEN_UNSAFE when somebody else could read the key. */
export function certificateSigner(stateDir: string): Signer {
  const file = join(stateDir, KEY_FILE);
  if (!existsSync(file)) makeKey(stateDir);
  const { mode, uid } = statSync(file);
  if ((mode & 0o077) !== 0 || (uid !== 0 && uid !== process.geteuid?.()))
    throw new IngestError(
      'TOKEN_UNSAFE',
      `others can use the key ${file}, with which certificates are signed`,
      {
        hint: `chmod 600 ${file}, and give it to the user of Nightjar. If others could read it: delete it, and a new one is made.`,
      },
    );
  const key = createPrivateKey(readFileSync(file));
  const publicKey = pemOf(createPublicKey(key));
  // A crash before it was written, or a key from a backup: whoever holds certificates against it would be misled.
  if (publicKeyIn(stateDir) !== publicKey) writePublicKey(stateDir, publicKey);
  return {
    publicKey,
    sign: (bytes) => sign(null, bytes, key).toString('base64'),
  };
}

/** Two commands at once make one key. */
function makeKey(stateDir: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const partial = join(stateDir, `${KEY_FILE}.${process.pid}`);
  writeFileSync(partial, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    linkSync(partial, join(stateDir, KEY_FILE));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Whoever reads it meanwhile has the old one or the new one whole. */
function writePublicKey(stateDir: string, publicKey: string): void {
  const partial = join(stateDir, `${PUBLIC_FILE}.${process.pid}`);
  writeFileSync(partial, publicKey, { mode: 0o644 });
  renameSync(partial, join(stateDir, PUBLIC_FILE));
}

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' });

/** The public key that certificates of this state directory are held against; undefined: none was issued yet. */
export function publicKeyIn(stateDir: string): string | undefined {
  const file = join(stateDir, PUBLIC_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export function isSigned(bytes: Uint8Array, signature: string, publicKey: string): boolean {
  try {
    return verify(null, bytes, createPublicKey(publicKey), Buffer.from(signature, 'base64'));
  } catch {
    // what is no key, or no signature, has signed nothing
    return false;
  }
}

/** A short name of a public key, for people to compare. */
export const fingerprintOf = (publicKey: string): string =>
  createHash('sha256').update(publicKey.trim()).digest('hex').slice(0, 32);
