import { constants, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IngestError, systemCode } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

/** What an invitation is for; times in ms since 1970. */
export type Invited = {
  readonly owner: string;
  readonly destination: string;
  /** The only account whose token it takes; undefined: whoever accepts it has to say. */
  readonly userId?: string | undefined;
  readonly expiresAt: number;
};

/** `publicKey`: DER (SPKI) in base64; whoever has it can seal a token, only we can open it. */
export type Invitation = Invited & { readonly code: string };

/** 3072 bits: 128 bits of security (NIST SP 800-57), and room for any token in one OAEP block. */
const KEY_BITS = 3072;
/** The base64 of one such block. */
export const SEALED_CHARACTERS = 512;
const CODE = /^[0-9a-f]{16}$/;

/**
 * Invitations in `dir` (made with mode 0700 when missing), a file each, mode 0600, with a key pair of its own. Ending
 * one destroys its key: what was sealed for it can never be opened again.
 */
export function createInvitations(dir: string) {
  const fileOf = (code: string): string => join(dir, `${code}.json`);

  async function all(): Promise<Invitation[]> {
    const names = await readdir(dir).catch(() => []);
    const codes = names.map((name) => name.replace(/\.json$/, '')).filter((name) => CODE.test(name));
    const found = await Promise.all(codes.map(async (code) => await read(fileOf(code), code)));
    return found.flatMap((one) => (one === undefined ? [] : [one.invitation]));
  }

  return {
    /** Makes one; an earlier one of the same owner ends. STATE_DIR_UNUSABLE when it cannot be kept. */
    make: async (
      invited: Invited,
    ): Promise<{ readonly invitation: Invitation; readonly publicKey: string }> => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: KEY_BITS,
        publicKeyEncoding: { type: 'spki', format: 'der' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const code = randomBytes(8).toString('hex');
      for (const { owner, code: earlier } of await all())
        if (owner === invited.owner) await rm(fileOf(earlier), { force: true });
      await write(dir, fileOf(code), JSON.stringify({ ...invited, privateKey }));
      return { invitation: { ...invited, code }, publicKey: publicKey.toString('base64') };
    },

    /** The one of that code while it lasts; one that is over is destroyed. */
    find: async (code: string, now: number): Promise<Invitation | undefined> => {
      if (!CODE.test(code)) return undefined;
      const found = await read(fileOf(code), code);
      if (found === undefined || found.invitation.expiresAt > now) return found?.invitation;
      await rm(fileOf(code), { force: true });
      return undefined;
    },

    /** What was sealed for it (base64); undefined when it was not, or is damaged. */
    unseal: async (code: string, sealed: string): Promise<Secret | undefined> => {
      const key = (await read(fileOf(code), code))?.privateKey;
      if (key === undefined) return undefined;
      try {
        const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
        return new Secret(privateDecrypt(oaep, Buffer.from(sealed, 'base64')).toString('utf8').trim());
      } catch {
        // Wrong key or damaged: OpenSSL's words would tell nobody more.
        return undefined;
      }
    },

    /** Destroys it with its key. */
    end: async (code: string): Promise<void> => {
      await rm(fileOf(code), { force: true });
    },

    all,
  };
}

type Kept = { readonly invitation: Invitation; readonly privateKey: string };

async function read(file: string, code: string): Promise<Kept | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw unusable(file, error);
  });
  if (text === undefined) return undefined;
  try {
    const { privateKey, ...invited } = JSON.parse(text) as Invited & { privateKey: string };
    return { invitation: { ...invited, code }, privateKey };
  } catch (error) {
    throw unusable(file, error);
  }
}

async function write(dir: string, file: string, text: string): Promise<void> {
  const part = `${file}.part`;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await using handle = await open(part, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.sync();
    const { uid, gid } = await stat(join(dir, '..'));
    if (process.getuid?.() === 0) for (const one of [dir, part]) await chown(one, uid, gid);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): IngestError {
  return new IngestError(
    'STATE_DIR_UNUSABLE',
    `the invitation in ${file}: ${systemCode(cause) ?? 'failed'}`,
    {
      hint: 'Run it as the user that Nightjar runs as, or as root. A damaged invitation can be removed: invite anew.',
      context: { file },
      cause,
    },
  );
}
