import { shareName } from '../core/ids.ts';
import type { CertificateHead, SafeLine, UnsafeLine } from './certificate-file.ts';

/** The lines of a certificate but its signature. Whoever has no key can still sign one with a key of their own. */
export type CertificateRows = { readonly unsafe: readonly UnsafeLine[]; readonly safe: readonly SafeLine[] };

type Check = (value: unknown) => boolean;
type Form = Readonly<Record<string, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime: Check = (value) => typeof value === 'string' && Number.isFinite(Date.parse(value));
const isNanoseconds: Check = (value) => typeof value === 'string' && /^-?\d{1,20}$/.test(value);
const isFlag: Check = (value) => typeof value === 'boolean';
const isTally: Check = (value) => isRecord(value) && Object.values(value).every(isCount);
const isShareName: Check = (value) => {
  try {
    return shareName(String(value)) === value;
  } catch {
    return false;
  }
};

const HEAD: Form = {
  ...{ certificate: (value) => value === 'nightjar', format: (value) => value === 1, share: isShareName },
  ...{ folder: isText, root: isText, issuedAt: isTime, issuedBy: isText, version: isText, safe: isFlag },
  ...{ files: isCount, bytes: isCount, notSafe: isCount, evidence: isTally, publicKey: isText },
};
const UNSAFE: Form = { notSafe: isText, size: isCount, reason: isText };
const SAFE: Form = {
  ...{ path: isText, size: isCount, mtimeNs: isNanoseconds, sha256: isText, batch: isText, owner: isText },
  ...{ destination: isText, location: isText, evidence: isText, evidenceAt: isTime },
};

/** Only what an object has by itself: what it inherits, nobody has written. */
const fits = (form: Form, value: unknown): boolean =>
  isRecord(value) && Object.entries(form).every(([key, is]) => Object.hasOwn(value, key) && is(value[key]));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isHead = (value: unknown): value is CertificateHead => fits(HEAD, value);

/** Undefined when a line is none of a certificate, or the head says other than the lines do. */
export function rowsOf(head: CertificateHead, lines: readonly unknown[]): CertificateRows | undefined {
  const unsafe = lines.filter((line): line is UnsafeLine => fits(UNSAFE, line));
  const safe = lines.filter((line): line is SafeLine => fits(SAFE, line));
  const isWhole =
    unsafe.length + safe.length === lines.length &&
    safe.length === head.files &&
    unsafe.length === head.notSafe &&
    head.safe === (unsafe.length === 0 && safe.length > 0);
  return isWhole ? { unsafe, safe } : undefined;
}
