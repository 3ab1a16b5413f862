import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { IngestError, systemCode } from '../core/errors.ts';
import type { Entry } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { type CertificateRows, isHead, rowsOf } from './certificate-form.ts';
import { isSigned, type Signer } from './certificate-key.ts';
import type { Certified, SafeFile } from './certify-folder.ts';
import { isSame } from './look-at-folder.ts';
import { systemWords } from './system-words.ts';

/** The first line of a certificate. */
export type CertificateHead = {
  readonly certificate: 'nightjar';
  readonly format: 1;
  readonly share: string;
  readonly folder: string;
  readonly root: string;
  readonly issuedAt: string;
  readonly issuedBy: string;
  readonly version: string;
  /** True only when every file below the folder is safe, and there is at least one. */
  readonly safe: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly notSafe: number;
  /** Safe files by the evidence of their receipt. */
  readonly evidence: Readonly<Record<string, number>>;
  readonly historyHead: string | null;
  readonly publicKey: string;
  readonly voidWhen: string;
};

export type UnsafeLine = { readonly notSafe: string; readonly size: number; readonly reason: string };
/** `path` from the folder on. Bytes outside UTF-8 are half surrogates, as in Python's surrogateescape. */
export type SafeLine = {
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: string;
  readonly sha256: string;
  readonly batch: string;
  readonly owner: string;
  readonly destination: string;
  readonly location: string;
  readonly evidence: string;
  /** When the destination said so. */
  readonly evidenceAt: string;
  /** When the destination was last asked again, and said that it is there; absent: never since. */
  readonly auditedAt?: string;
  readonly as?: string;
};

const VOID =
  'This certificate is void as soon as anything below the folder is added, changed, renamed or removed. Nightjar never deletes.';

type About = Omit<
  CertificateHead,
  'certificate' | 'format' | 'safe' | 'files' | 'bytes' | 'notSafe' | 'evidence' | 'publicKey' | 'voidWhen'
>;

export function headOf(about: About, { safe, unsafe }: Certified, publicKey: string): CertificateHead {
  const evidence: Record<string, number> = {};
  for (const { batch } of safe) evidence[batch.state] = (evidence[batch.state] ?? 0) + 1;
  return {
    ...{ certificate: 'nightjar', format: 1, ...about },
    safe: unsafe.length === 0 && safe.length > 0,
    ...{ files: safe.length, bytes: safe.reduce((sum, { entry }) => sum + entry.size, 0) },
    ...{ notSafe: unsafe.length, evidence, publicKey, voidWhen: VOID },
  };
}

/** One JSON object a line: the head, what is not safe, what is, and the signature of all lines before it. */
export function certificateText(head: CertificateHead, certified: Certified, signer: Signer): string {
  const lines = [
    head,
    ...certified.unsafe.map(({ path, size, reason }): UnsafeLine => ({ notSafe: path, size, reason })),
    ...certified.safe.map(safeLine),
  ];
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const signature = { algorithm: 'ed25519', signature: signer.sign(Buffer.from(body)) };
  return `${body}${JSON.stringify(signature)}\n`;
}

function safeLine({ from, entry, batch, planned, sha256, auditedAt }: SafeFile): SafeLine {
  return {
    ...{ path: from, size: entry.size, mtimeNs: String(entry.mtimeNs) },
    ...{ sha256: Buffer.from(sha256).toString('hex'), batch: batch.id, owner: batch.owner },
    ...{ destination: batch.destination, location: batch.receipt?.location ?? '' },
    ...{ evidence: batch.state, evidenceAt: new Date(batch.changedAt).toISOString() },
    ...(auditedAt === undefined ? {} : { auditedAt: new Date(auditedAt).toISOString() }),
    ...(planned.as === undefined ? {} : { as: planned.as }),
  };
}

/** Never over a file that is there: throws USAGE. */
export function writeCertificate(file: string, text: string): void {
  const partial = `${file}.partial-${process.pid}`;
  try {
    writeFileSync(partial, text, { mode: 0o640, flag: 'wx' });
    const fd = openSync(partial, 'r');
    fsyncSync(fd);
    closeSync(fd);
    linkSync(partial, file);
  } catch (error) {
    const there = systemCode(error) === 'EEXIST' || existsSync(file);
    throw new IngestError(
      'USAGE',
      `write the certificate ${file}: ${there ? 'there is such a file' : systemWords(error)}`,
      {
        hint: 'Give another file with --out, in a directory that may be written to and is not on a share.',
        cause: error,
      },
    );
  } finally {
    rmSync(partial, { force: true });
  }
}

export type ReadCertificate = CertificateRows & { readonly head: CertificateHead };

/** Reads a certificate whose signature fits the key, or else the key that is in it; throws CERTIFICATE_INVALID. */
export function readCertificate(file: string, publicKey: string | undefined): ReadCertificate {
  const text = readText(file);
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  const lines = parsedLines(text, file);
  const [head] = lines;
  const { signature } = { signature: undefined, ...lines.at(-1) } as { readonly signature: unknown };
  if (!isHead(head) || typeof signature !== 'string')
    throw invalid(file, 'it is no certificate of Nightjar, or its end is missing');
  if (!isSigned(Buffer.from(text.slice(0, end)), signature, publicKey ?? head.publicKey))
    throw invalid(
      file,
      publicKey === undefined || publicKey.trim() === head.publicKey.trim()
        ? 'it was changed after it was signed'
        : 'it was signed with another key, or changed after it was signed',
    );
  const rows = rowsOf(head, lines.slice(1, -1));
  if (rows === undefined) throw invalid(file, 'it is signed, and yet not in the form that Nightjar writes');
  return { head, ...rows };
}

/** What has changed in the folder since, by path; empty: it looks as it was certified. */
export function changedSince(
  { safe, unsafe }: ReadCertificate,
  now: ReadonlyMap<SharePath, Pick<Entry, 'kind' | 'size' | 'mtimeNs'>>,
): Map<string, string> {
  const found = new Map<string, string>();
  // What was not safe is certified by nobody: only its name is known.
  const known = new Set<string>(unsafe.map(({ notSafe }) => notSafe));
  for (const { path, size, mtimeNs } of safe) {
    known.add(path);
    const entry = now.get(path as SharePath);
    if (entry === undefined) found.set(path, 'it is gone');
    else if (!isSame(entry, { kind: 'file', size, mtimeNs: BigInt(mtimeNs) }))
      found.set(path, 'it is another now (kind, size or time)');
  }
  for (const path of now.keys()) if (!known.has(path)) found.set(path, 'it is new');
  return found;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new IngestError('USAGE', `read the certificate ${file}: ${systemWords(error)}`, {
      hint: 'Give the file that `nightjar certificate` wrote.',
      cause: error,
    });
  }
}

function parsedLines(text: string, file: string): object[] {
  try {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => Object(JSON.parse(line)) as object);
  } catch {
    throw invalid(file, 'it is not what Nightjar writes: a line is no JSON');
  }
}

function invalid(file: string, why: string): IngestError {
  return new IngestError('CERTIFICATE_INVALID', `${file} proves nothing: ${why}`, {
    hint: 'Delete nothing on its word. Issue a new one with `nightjar certificate`.',
  });
}
