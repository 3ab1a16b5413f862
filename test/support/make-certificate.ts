import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Certificate = { readonly key: string; readonly cert: string };

/** `openssl ca` alone can date a certificate into the past. */
const AUTHORITY = `[ca]
default_ca = own
[own]
database = issued
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;

/** A certificate that signs itself, for 127.0.0.1 and two days from now unless told otherwise; made by `openssl`. */
export function makeCertificate({
  name = 'IP:127.0.0.1',
  from = new Date(Date.now() - 86_400_000),
  to = new Date(Date.now() + 2 * 86_400_000),
}: {
  readonly name?: string;
  readonly from?: Date;
  readonly to?: Date;
} = {}): Certificate {
  const dir = mkdtempSync(join(tmpdir(), 'nightjar-cert-'));
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  try {
    writeFileSync(join(dir, 'own.cnf'), AUTHORITY);
    writeFileSync(join(dir, 'issued'), '');
    openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'],
      ...['-addext', `subjectAltName=${name}`, '-keyout', 'key.pem', '-out', 'request.pem'],
    );
    openssl(
      ...['ca', '-batch', '-config', 'own.cnf', '-selfsign', '-keyfile', 'key.pem', '-in', 'request.pem'],
      ...['-notext', '-out', 'cert.pem', '-startdate', asn1(from), '-enddate', asn1(to)],
    );
    return {
      key: readFileSync(join(dir, 'key.pem'), 'utf8'),
      cert: readFileSync(join(dir, 'cert.pem'), 'utf8'),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** 20261122120000Z */
const asn1 = (date: Date): string =>
  `${date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/\D/g, '')}Z`;
