/** Taking request bodies: always to a spool file, so that a body of any size costs no memory. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Refusal } from './answers.ts';
import { USERS } from './auth.ts';
import type { Visit } from './model.ts';
import type { State } from './state.ts';

/** One received file; `name` undefined for a streamed body without `file_name`. */
export type Part = { readonly name: string | undefined; readonly file: string; readonly bytes: number };

const IO_WENT_WRONG = 'Some IO went wrong, upload probably aborted/disrupted.';
const MAX_PARTS = 1000;

/** A fault that cut the request in the middle of its body: there is nothing to answer any more. */
export class Cut extends Error {}

/** The files of the request. None for a bodyless one, and for urlencoded, whose form parser eats the body (recorded). */
export async function receiveParts(visit: Visit, spool: string): Promise<Part[]> {
  await mkdir(spool, { recursive: true });
  const file = path.join(spool, randomUUID());
  const bytes = await take(visit, file);
  const type = visit.incoming.headers['content-type'] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded') || bytes === 0) return [];
  if (type.startsWith('multipart/form-data')) return await splitParts(file, type, spool);
  const name = visit.seen.query.get('file_name');
  if (name !== null && (Buffer.byteLength(name) > 255 || name.includes('\0')))
    throw new Refusal(400, IO_WENT_WRONG);
  return [{ name: name ?? undefined, file, bytes }];
}

/** Only an admin's may name a path of the server: utils.py (1.4) says 403, v1.3 said 401 (contract §0). */
export function checkLocalPath(state: State, visit: Visit, user: string): void {
  if (!visit.seen.query.has('local_path')) return;
  if (user !== USERS.admin)
    throw new Refusal(state.generation === 'v1.3' ? 401 : 403, 'You are not authorized to access this path.');
  throw new Error('this test server does not read its own files for an admin');
}

async function take(visit: Visit, file: string): Promise<number> {
  const limit = limitOf(visit);
  const { fault } = visit;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of visit.incoming.iterator({ destroyOnReturn: false })) {
      const piece = Buffer.from(chunk);
      visit.seen.bodyBytes += piece.length;
      yield piece;
      if (fault?.kind === 'pause' && visit.seen.bodyBytes >= fault.afterBytes) await fault.until;
      if (visit.seen.bodyBytes >= limit) throw new Cut('the test cut this body');
    }
  };
  try {
    await pipeline(counted(), createWriteStream(file));
  } catch (thrown) {
    throw thrown instanceof Cut ? thrown : new Refusal(400, IO_WENT_WRONG);
  }
  return (await stat(file)).size;
}

function limitOf(visit: Visit): number {
  const fault = visit.fault;
  if (fault?.kind !== 'reset' && fault?.kind !== 'stall') return Number.POSITIVE_INFINITY;
  return fault.afterBytes ?? Number.POSITIVE_INFINITY;
}

/** Multipart bodies are small here and read whole. Names are percent-decoded, '/' is refused (recorded). */
async function splitParts(file: string, type: string, spool: string): Promise<Part[]> {
  const boundary = `--${/boundary="?([^";]+)/.exec(type)?.[1] ?? ''}`;
  const text = (await readFile(file)).toString('latin1');
  const sections = text.split(boundary).slice(1, -1);
  if (sections.length > MAX_PARTS)
    throw new Refusal(400, `Too many files. Maximum number of files is ${MAX_PARTS}.`);
  const parts: Part[] = [];
  for (const section of sections) {
    const split = section.indexOf('\r\n\r\n');
    const name = decodeURIComponent(/filename="([^"]*)"/.exec(section.slice(0, split))?.[1] ?? '');
    if (name.includes('/')) throw new Refusal(400, 'Bad file name provided.');
    const content = Buffer.from(section.slice(split + 4, -2), 'latin1');
    const target = path.join(spool, randomUUID());
    await writeFile(target, content);
    parts.push({ name, file: target, bytes: content.length });
  }
  return parts;
}
