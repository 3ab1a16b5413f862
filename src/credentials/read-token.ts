import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IngestError, systemCode } from '../core/errors.ts';
import { isName } from '../core/ids.ts';
import { Secret } from '../core/secret.ts';

export type TokenStore = {
  /** The token of that name, read afresh each time; TOKEN_MISSING or TOKEN_UNSAFE when it cannot be used. */
  readonly token: (name: string) => Promise<Secret>;
  /** What is wrong with it, or undefined; never throws for the token's sake. */
  readonly check: (name: string) => Promise<IngestError | undefined>;
  /** Changes whenever the token may be another, or may be usable when it was not; nothing of the token is in it. */
  readonly stamp: (name: string) => Promise<string>;
};

type Place = { readonly file: string; readonly fromSystemd: boolean };

const MAX_BYTES = 4096;
/** A token is printable ASCII without spaces; anything else would be read differently by some server. */
const TOKEN_TEXT = /^[\x21-\x7e]+$/;

/**
 * Tokens by name from `dir`, one file each. Files of the same name in systemd's $CREDENTIALS_DIRECTORY come first.
 * The value is only ever inside the `Secret`.
 */
export function createTokenStore(options: {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): TokenStore {
  const systemd = options.env['CREDENTIALS_DIRECTORY'];
  const places = (name: string): Place[] => [
    ...(systemd === undefined || systemd === '' ? [] : [{ file: join(systemd, name), fromSystemd: true }]),
    { file: join(options.dir, name), fromSystemd: false },
  ];
  const token = async (name: string): Promise<Secret> => {
    if (!isName(name)) throw badName();
    for (const place of places(name)) {
      const value = await readToken(name, place);
      if (value !== undefined) return value;
    }
    throw missing(name, join(options.dir, name));
  };
  return {
    token,
    check: async (name) => {
      try {
        await token(name);
        return undefined;
      } catch (error) {
        if (error instanceof IngestError) return error;
        throw error;
      }
    },
    stamp: async (name) =>
      isName(name) ? (await Promise.all(places(name).map(({ file }) => stampOf(file)))).join(' ') : '',
  };
}

async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, ctimeNs } = await stat(file, { bigint: true });
    return `${ino}:${size}:${ctimeNs}`;
  } catch (error) {
    return systemCode(error) ?? 'unknown';
  }
}

/** Undefined when there is no such file. Checks and reads one open file, so that nothing can change in between. */
async function readToken(name: string, place: Place): Promise<Secret | undefined> {
  await using handle = await openToken(name, place.file);
  if (handle === undefined) return undefined;
  const found = await handle.stat();
  if (!found.isFile()) throw unsafe(name, place.file, 'is not a regular file', 'Put a plain file there.');
  checkOwner(name, place, found.uid);
  checkMode(name, place, found);
  if (found.size > MAX_BYTES) {
    throw unsafe(name, place.file, `has ${found.size} bytes`, 'It must hold the token alone, on one line.');
  }
  return new Secret(oneLine(name, place.file, await handle.readFile('utf8')));
}

async function openToken(name: string, file: string): Promise<FileHandle | undefined> {
  try {
    // O_NONBLOCK: a pipe at this place must not hang the daemon.
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new IngestError(
      'TOKEN_MISSING',
      `token "${name}" in ${file} cannot be opened: ${code ?? 'unknown'}`,
      {
        hint: `Let the user that Nightjar runs as own it: chown USER ${file} && chmod 600 ${file}`,
        context: { token: name, file },
        cause: error,
      },
    );
  }
}

function checkOwner(name: string, place: Place, uid: number): void {
  const own = process.getuid?.();
  if (uid === 0 || uid === own) return;
  const hint = `Let the user that Nightjar runs as own it: chown ${own ?? 'USER'} ${place.file}`;
  throw unsafe(name, place.file, `belongs to user ${uid}, who could change it`, hint);
}

/**
 * No rights for group and others. Under systemd root owns the file and the service reads it by an access list, whose
 * mask shows as the group's read bit (systemd.exec(5), credentials): that bit means nobody else there.
 */
function checkMode(name: string, place: Place, found: { readonly mode: number; readonly uid: number }): void {
  const refused = place.fromSystemd && found.uid === 0 ? 0o037 : 0o077;
  if ((found.mode & refused) === 0) return;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  throw unsafe(name, place.file, `can be used by other people (mode ${mode})`, `chmod 600 ${place.file}`);
}

function oneLine(name: string, file: string, text: string): string {
  const value = text.replace(/\r?\n$/, '');
  if (value.trim() === '') {
    throw new IngestError('TOKEN_MISSING', `token "${name}": ${file} is empty`, {
      hint: `Run: nightjar token enrol OWNER. Or write the token into ${file} as its only line, readable for Nightjar alone (mode 0600).`,
      context: { token: name, file },
    });
  }
  if (/[\r\n]/.test(value)) throw unsafe(name, file, 'has more than one line', linesToRemove(file, value));
  if (/\s/.test(value)) {
    const hint = `Remove the space from line 1 of ${file}: the token has none.`;
    throw unsafe(name, file, 'has a space in or around the token', hint);
  }
  if (!TOKEN_TEXT.test(value)) {
    throw unsafe(name, file, 'has a character that no token has', 'Copy the token again, as plain text.');
  }
  return value;
}

/** Which lines are not the token; only their numbers are told. Where several could be it, a person has to know. */
function linesToRemove(file: string, text: string): string {
  const lines = text.split(/\r?\n|\r/).map((line, at) => ({ line, number: at + 1 }));
  const [token, ...others] = lines.filter(({ line }) => TOKEN_TEXT.test(line));
  if (token === undefined || others.length > 0)
    return `Remove all but the one line of ${file} that is the token.`;
  const numbers = lines.filter(({ number }) => number !== token.number).map(({ number }) => String(number));
  const last = numbers.pop() ?? '';
  const which = numbers.length === 0 ? `line ${last}` : `lines ${numbers.join(', ')} and ${last}`;
  return `Remove ${which} of ${file}: only the token may stand in it.`;
}

function missing(name: string, file: string): IngestError {
  return new IngestError('TOKEN_MISSING', `token "${name}": there is no file ${file}`, {
    hint: `Run: nightjar token enrol OWNER. Or write the token into ${file} as its only line, readable for Nightjar alone (mode 0600).`,
    context: { token: name, file },
  });
}

/** The name is not repeated: somebody may have written the token in its place. */
function badName(): IngestError {
  return new IngestError('TOKEN_MISSING', 'a token was asked for by something that is not a name of a file', {
    hint: 'Give the token a name in folders.yaml: letters, digits, ".", "_" and "-", at most 63 characters.',
  });
}

function unsafe(name: string, file: string, what: string, hint: string): IngestError {
  return new IngestError('TOKEN_UNSAFE', `token "${name}": ${file} ${what}`, {
    hint,
    context: { token: name, file },
  });
}
