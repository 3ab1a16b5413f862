import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IngestError, systemCode } from '../core/errors.ts';
import { isName } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';

/**
 * Puts a token into its file of `dir` (made with mode 0700 when missing), mode 0600, and answers the file's path. The
 * old one is replaced in one step, so that a delivery reads either. Where root does it, the file belongs to whom the
 * directory belongs to. Throws STATE_DIR_UNUSABLE when it cannot be written.
 */
export async function storeToken(dir: string, name: string, token: Secret): Promise<string> {
  if (!isName(name)) throw new RangeError('not a name of a token');
  const file = join(dir, name);
  const part = join(dir, `.${name}.${randomBytes(4).toString('hex')}.part`);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await using handle = await open(part, 'wx', 0o600);
    await handle.writeFile(`${token.reveal()}\n`);
    await handle.sync();
    const { uid, gid } = await stat(dir);
    if (process.getuid?.() === 0) await chown(part, uid, gid);
    await rename(part, file);
    return file;
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    throw new IngestError(
      'STATE_DIR_UNUSABLE',
      `store token "${name}" in ${dir}: ${systemCode(cause) ?? 'failed'}`,
      {
        hint: `Run it as the user that Nightjar runs as, or as root; ${dir} must be writable for that user alone.`,
        context: { dir },
        cause,
      },
    );
  }
}
