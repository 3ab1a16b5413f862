import { createPublicKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { changedSince, type ReadCertificate, readCertificate } from '../../app/certificate-file.ts';
import { fingerprintOf, publicKeyIn } from '../../app/certificate-key.ts';
import { lookAtFolder } from '../../app/look-at-folder.ts';
import { systemWords } from '../../app/system-words.ts';
import { IngestError, systemCode } from '../../core/errors.ts';
import { shareName } from '../../core/ids.ts';
import { printable } from '../../core/share-path.ts';
import { count, formatBytes } from '../../core/units.ts';
import { utcTime } from '../../core/utc.ts';
import { answer } from '../answer.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { configOf, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';

type VerifyOptions = GlobalOptions & { readonly key?: string; readonly folder?: string };

/** `byItself`: held only against the key that it brings along. */
type Verified = {
  readonly read: ReadCertificate;
  readonly byItself: boolean;
  readonly changed: ReadonlyMap<string, string> | undefined;
};

export const addVerify: AddCommand = (certificate, context, finish) => {
  certificate
    .command('verify')
    .argument('<file>', 'the certificate')
    .option(
      '--key <file>',
      'the public key of the Nightjar that issued it; default: that of this state directory',
    )
    .option('--folder <dir>', 'also look whether this folder is still as it was certified; nothing is read')
    .description('Whether a certificate is what was signed, and whether the folder has changed since.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar certificate verify run_17.jsonl --folder /mnt/instruments/SEM1/mueller/run_17\n  nightjar certificate verify run_17.jsonl --key certificate-key.pub.pem     anywhere, without a configuration\n\nExit code 0: signed with that key, everything in it is safe, and the folder is as it was (with --folder); 3: not all\nof that; 78: it was changed, or signed with another key (CERTIFICATE_INVALID).',
    )
    .action(async (text: string, _options, command) => {
      const options = optionsOf<VerifyOptions>(command);
      const key = keyFor(context, options);
      const read = readCertificate(resolve(text), key);
      const changed =
        options.folder === undefined ? undefined : await lookAgain(context, options.folder, read);
      const verified = { read, byItself: key === undefined, changed };
      const well = key !== undefined && read.head.safe && (changed?.size ?? 0) === 0;
      answer(context, options, verifiedJson(verified, well), () => said(verified));
      finish(well ? EXIT.done : EXIT.attention);
    });
};

/** The key that was given, or that of the state directory where there is a configuration. */
function keyFor(context: CliContext, options: VerifyOptions): string | undefined {
  if (options.key !== undefined) return readKey(options.key);
  try {
    return publicKeyIn(configOf(context, options).stateDir);
  } catch {
    // Without a configuration a certificate can still be read; it is said that its key is not known here.
    return undefined;
  }
}

function readKey(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    createPublicKey(text);
    return text;
  } catch (error) {
    throw new IngestError('USAGE', `read the key ${file}: ${readFailure(error)}`, {
      hint: 'Give the file certificate-key.pub.pem of the state directory of the Nightjar that issued it.',
      cause: error,
    });
  }
}

/** OpenSSL's own codes are no words for a person. */
function readFailure(error: unknown): string {
  const code = systemCode(error);
  return code === undefined || code.startsWith('ERR_') ? 'it is no public key' : systemWords(error);
}

function refuseNoFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new IngestError('USAGE', `--folder ${folder}: there is no such directory`, {
    hint: 'Give the directory that the certificate is about, where this host has it mounted.',
  });
}

const STALL_MS = 60_000;

async function lookAgain(
  context: CliContext,
  folder: string,
  read: ReadCertificate,
): Promise<ReadonlyMap<string, string>> {
  refuseNoFolder(resolve(folder));
  using stop = stopSignals((name) => context.err.write(`\n${name}: stopping.\n`));
  const target = { name: shareName(read.head.share), root: resolve(folder) };
  const options = { clock: context.clock, stallMs: STALL_MS, signal: stop.signal };
  return changedSince(read, await lookAtFolder(target, options));
}

function verifiedJson({ read: { head }, byItself, changed }: Verified, ok: boolean): object {
  const { share, folder, issuedAt, issuedBy, safe, files, bytes, notSafe, evidence, publicKey } = head;
  return {
    ...{ format: 1, ok, knownKey: !byItself, fingerprint: fingerprintOf(publicKey) },
    ...{ share, folder, issuedAt, issuedBy, safe, files, bytes, notSafe, evidence },
    changed:
      changed === undefined ? null : [...changed].map(([path, why]) => ({ path: printable(path), why })),
  };
}

const SHOWN = 20;

function said({ read: { head, unsafe }, byItself, changed }: Verified): string {
  const key = fingerprintOf(head.publicKey);
  return [
    `${head.share}:${printable(head.folder)}, certified ${utcTime(Date.parse(head.issuedAt))} by ${printable(head.issuedBy)}:`,
    `  safe ${safeWords(head)}; not safe ${head.notSafe === 0 ? 'none' : count(head.notSafe, 'file')}`,
    ...unsafe
      .slice(0, SHOWN)
      .map(({ notSafe, reason }) => `  NOT safe: ${printable(notSafe)}: ${printable(reason)}`),
    byItself
      ? `The signature fits the key that is in the file (${key}); whose key that is, is not known here: give --key.`
      : `It was signed with the known key (${key}) and not changed since.`,
    ...(changed === undefined ? [] : folderLines(changed)),
  ].join('\n');
}

const safeWords = ({ files, bytes }: ReadCertificate['head']): string =>
  files === 0 ? 'none' : `${count(files, 'file')}, ${formatBytes(bytes)}`;

function folderLines(changed: ReadonlyMap<string, string>): string[] {
  if (changed.size === 0) return ['The folder looks as it was certified.'];
  return [
    `VOID: the folder has changed since (${count(changed.size, 'path')}):`,
    ...[...changed].slice(0, SHOWN).map(([path, why]) => `  ${printable(path)}: ${why}`),
  ];
}
