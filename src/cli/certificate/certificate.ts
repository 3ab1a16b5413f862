import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { certificateText, headOf, writeCertificate } from '../../app/certificate-file.ts';
import { certificateSigner } from '../../app/certificate-key.ts';
import { type Certified, certifyFolder } from '../../app/certify-folder.ts';
import { createFileHasher } from '../../app/hash-files.ts';
import { keepOffShares } from '../../app/keep-off-shares.ts';
import { VERSION } from '../../app/version.ts';
import type { Workspace } from '../../app/workspace.ts';
import { printable } from '../../core/share-path.ts';
import { count, formatBytes } from '../../core/units.ts';
import { utcDay } from '../../core/utc.ts';
import { answer } from '../answer.ts';
import { type AskedPath, askedPath, seenPath } from '../asked-path.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openForCommand, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';
import { whoAmI } from '../who.ts';
import { addVerify } from './verify.ts';

type CertificateOptions = GlobalOptions & { readonly out?: string };

export const addCertificate: AddCommand = (program, context, finish) => {
  const certificate = program
    .command('certificate')
    .argument('<dir>', 'a directory: absolute, SHARE:PATH, or below the only share')
    .option(
      '--out <file>',
      'where to; default: a file in the working directory with folder and time in its name',
    )
    .description('Which files below a directory are safe to delete, read and proven now, dated and signed.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar certificate SEM1/mueller/run_17 --out run_17.jsonl\n  nightjar certificate verify run_17.jsonl --folder /mnt/instruments/SEM1/mueller/run_17\n\nEvery file is read again and held against what was delivered; its destination must have confirmed it. What is not\nsafe stands first, with the reason. The certificate is void as soon as the folder changes. Nightjar never deletes.\n\nExit code 0: everything below the directory is safe; 3: something is not, or there is nothing.',
    )
    .action(async (text: string, _options, command) => {
      const options = optionsOf<CertificateOptions>(command);
      using stop = stopSignals((name) => context.err.write(`\n${name}: stopping; no certificate.\n`));
      await using workspace = await openForCommand(context, options);
      const asked = seenPath(workspace.ledger, askedPath(text, workspace.config.shares, process.cwd()));
      const at = context.clock.now();
      const file = resolve(options.out ?? nameFor(asked, at));
      keepOffShares(file, workspace.config.shares);
      const certified = await certify({ context, workspace, options, signal: stop.signal }, asked);
      const head = issue({ context, workspace }, { asked, at, file, certified });
      const { safe, unsafe } = certified;
      const json = {
        format: 1,
        file,
        safe: head.safe,
        files: safe.length,
        bytes: head.bytes,
        notSafe: unsafe.length,
      };
      answer(context, options, { ...json, evidence: head.evidence }, () =>
        said(certified, { ...head, file }),
      );
      finish(head.safe ? EXIT.done : EXIT.attention);
    });
  addVerify(certificate, context, finish);
};

function nameFor({ share, path }: AskedPath, at: number): string {
  const place = `${share.name}-${path}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80);
  return `certificate-${place}-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}.jsonl`;
}

type Parts = {
  readonly context: CliContext;
  readonly workspace: Workspace;
  readonly options: GlobalOptions;
  readonly signal: AbortSignal;
};

async function certify(
  { context, workspace, options, signal }: Parts,
  { share, path }: AskedPath,
): Promise<Certified> {
  const { clock, stateDir } = { ...context, ...workspace.config };
  await using hasher = createFileHasher([share], { clock, stateDir });
  const onProgress = ({ files, of }: { files: number; of: number }): void => {
    if (options.json !== true && context.err.isTTY)
      context.err.write(`\r${files} of ${count(of, 'file')} read`);
    if (options.json !== true && context.err.isTTY && files === of) context.err.write('\n');
  };
  return await certifyFolder({ workspace, hash: hasher.hash, signal, onProgress }, share, path);
}

type Issued = {
  readonly asked: AskedPath;
  readonly at: number;
  readonly file: string;
  readonly certified: Certified;
};

/** Signs and writes it, and notes in the history that there is one. */
function issue(
  { context, workspace }: Pick<Parts, 'context' | 'workspace'>,
  { asked, at, file, certified }: Issued,
): ReturnType<typeof headOf> {
  const { ledger, config } = workspace;
  const by = whoAmI(context);
  const signer = certificateSigner(config.stateDir);
  const about = {
    ...{ share: asked.share.name, folder: asked.path, root: asked.share.root, version: VERSION },
    ...{ issuedAt: new Date(at).toISOString(), issuedBy: by, historyHead: ledger.historyHead() ?? null },
  };
  const head = headOf(about, certified, signer.publicKey);
  const text = certificateText(head, certified, signer);
  writeCertificate(file, text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const counts = `${count(head.files, 'file')} safe, ${head.notSafe} not`;
  const place = `${asked.share.name}:${printable(asked.path)}`;
  ledger.tell({ at, what: 'certificate.issued', detail: `${place}: by ${by}: ${counts}; SHA-256 ${sha256}` });
  return head;
}

const SHOWN = 20;

function said({ safe, unsafe }: Certified, { file, bytes, evidence }: Summary): string {
  const more =
    unsafe.length > SHOWN
      ? [`  … and ${count(unsafe.length - SHOWN, 'more', 'more')}, all in the certificate`]
      : [];
  return [
    ...(unsafe.length === 0 ? [] : [`NOT safe to delete: ${count(unsafe.length, 'file')}`]),
    ...unsafe.slice(0, SHOWN).map(({ path, reason }) => `  ${printable(path)}: ${printable(reason)}`),
    ...more,
    verdict({ safe, unsafe }, { bytes, evidence }),
    ...audited(safe),
    `${file} says so, signed. It is void as soon as anything there changes: look again before you delete,`,
    `  nightjar certificate verify ${file} --folder DIR`,
  ].join('\n');
}

function verdict(
  { safe, unsafe }: Certified,
  { bytes, evidence }: Pick<Summary, 'bytes' | 'evidence'>,
): string {
  if (safe.length + unsafe.length === 0) return 'There is no file below it: nothing is certified.';
  if (safe.length === 0) return 'No file below it is safe.';
  const kinds = Object.entries(evidence).map(([kind, n]) => `${n} ${kind}`);
  return `Safe: ${count(safe.length, 'file')}, ${formatBytes(bytes)} (${kinds.join(', ')}).`;
}

/** How fresh the evidence is: of how many files the destination was asked again since their delivery. */
function audited(safe: Certified['safe']): string[] {
  const times = safe.flatMap(({ auditedAt }) => auditedAt ?? []);
  if (safe.length === 0) return [];
  if (times.length === 0) return ['No destination was asked for them again since: nightjar audit deliveries'];
  const oldest = utcDay(Math.min(...new Set(times)));
  return [`Asked for again at their destination since ${oldest}, and there: ${count(times.length, 'file')}.`];
}

type Summary = {
  readonly file: string;
  readonly bytes: number;
  readonly evidence: Readonly<Record<string, number>>;
};
