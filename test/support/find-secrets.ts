import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childPids } from './child-pids.ts';

/**
 * A secret as it may stand somewhere: plain, percent-encoded, as a form has it, in hex, and inside base64 of something
 * longer, where it looks different at each of the three alignments.
 */
export function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // The first and the last characters also depend on the neighbours.
    const whole = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const form = new URLSearchParams({ x: secret }).toString().slice(2);
  return [...new Set([secret, encodeURIComponent(secret), form, bytes.toString('hex'), ...inBase64])];
}

/** The spellings of secrets that are in a text. */
export function secretsIn(text: string, secrets: readonly string[]): string[] {
  return secrets.flatMap(spellingsOf).filter((spelling) => text.includes(spelling));
}

/** Every file below a directory as one text, byte for byte, each after its path. */
export async function textBelow(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const texts = files.map(async (file) => `${file}\n${await readFile(file, 'latin1').catch(() => '')}`);
  return (await Promise.all(texts)).join('\n');
}

/** What other users and tools can see of a process and all below it: arguments and environment. */
export async function seenOfProcess(pid: number): Promise<string> {
  const own = ['cmdline', 'environ'].map(
    async (what) => await readFile(`/proc/${pid}/${what}`, 'latin1').catch(() => ''),
  );
  const below = children(pid).map(async (child) => await seenOfProcess(child));
  return (await Promise.all([...own, ...below])).join('\n');
}

function children(pid: number): number[] {
  try {
    return childPids(pid);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
