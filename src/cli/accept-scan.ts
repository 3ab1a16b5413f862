import type { Workspace } from '../app/workspace.ts';
import type { ShareName } from '../core/ids.ts';
import { plainText } from '../core/plain-output.ts';
import { count, formatBytes } from '../core/units.ts';
import type { Scan, Suspicion } from '../ledger/scans.ts';
import { answer } from './answer.ts';
import { isConfirmed } from './confirm.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import type { AddCommand } from './run-cli.ts';
import { clockTime } from './style.ts';
import { unknownName } from './unknown-name.ts';
import { whoAmI } from './who.ts';

type AcceptOptions = GlobalOptions & { readonly yes?: boolean };

/** A share whose newest walk is not believed. */
type Doubted = { readonly share: ShareName; readonly scan: Scan; readonly suspicion: Suspicion };

export const addAcceptScan: AddCommand = (program, context, finish) => {
  program
    .command('accept-scan')
    .argument('[share]', 'only this share; default: every share whose walk is not believed')
    .option('--yes', 'do it; without it a terminal is asked, and nothing else is changed')
    .description('Believe a walk that saw far less or far more than usual, so that its files go.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar accept-scan              what is not believed, and asks\n  nightjar accept-scan lab --yes\n\nLook first whether the share is mounted and whole. What the walk saw is what is usual from then on.\nThe next evening believes it by itself when it sees the same.\n\nExit code 0: done, or previewed; 75: a later walk came meanwhile, which is not believed unseen.',
    )
    .action(async (name: string | undefined, _options, command) => {
      const options = optionsOf<AcceptOptions>(command);
      await using workspace = await openToRead(context, options);
      const doubted = doubtedShares(workspace, name);
      if (options.json !== true && doubted.length > 0)
        context.out.write(`${plainText(preview(doubted, context))}\n`);
      const by = whoAmI(context);
      const wanted = doubted.length > 0 && (await isConfirmed(context, options, 'Believe this?'));
      const accepted = wanted ? doubted.filter((one) => accept(workspace, one, by)) : [];
      const passed = wanted ? doubted.filter((one) => !accepted.includes(one)) : [];
      answer(context, options, acceptJson(doubted, accepted), () =>
        [outcome(doubted, accepted), ...passed.map(sayPassed)].join('\n'),
      );
      finish(passed.length > 0 ? EXIT.temporary : EXIT.done);
    });
};

function doubtedShares({ config, ledger }: Workspace, name: string | undefined): Doubted[] {
  const names = config.shares.map((share) => share.name);
  if (name !== undefined && !names.some((known) => known === name)) throw unknownName('share', name, names);
  return names.flatMap((share) => {
    const scan = ledger.scans.suspects(share).at(-1);
    if (scan?.suspicion === undefined || (name !== undefined && name !== share)) return [];
    return [{ share, scan, suspicion: scan.suspicion }];
  });
}

const accept = ({ ledger, clock }: Workspace, { share, scan }: Doubted, by: string): boolean =>
  ledger.scans.accept(share, scan.runNo, { at: clock.now(), by });

const sayPassed = ({ share }: Doubted): string =>
  `${share}: the walk that was shown is not the newest any more, so nothing was believed. Look again: nightjar accept-scan ${share}`;

function preview(doubted: readonly Doubted[], { clock }: Pick<CliContext, 'clock'>): string {
  const now = clock.now();
  return doubted
    .map(({ share, scan: { at, counts }, suspicion }) =>
      [
        `${share}: the walk of ${clockTime(at, now)} saw ${count(counts.files, 'file')}, ${formatBytes(counts.bytes)}`,
        `    ${suspicion.kind} since ${clockTime(suspicion.since, now)}: ${suspicion.what}`,
      ].join('\n'),
    )
    .join('\n');
}

function outcome(doubted: readonly Doubted[], accepted: readonly Doubted[]): string {
  if (doubted.length === 0) return 'Every walk is believed; nothing changed.';
  if (accepted.length === 0) return 'Nothing changed. To believe it: nightjar accept-scan --yes';
  const names = accepted.map(({ share }) => share).join(', ');
  return `Believed: ${names}. The next run acts on it; at once: nightjar run`;
}

function acceptJson(doubted: readonly Doubted[], accepted: readonly Doubted[]): object {
  return {
    format: 1,
    done: accepted.length > 0,
    shares: doubted.map(({ share, scan, suspicion }) => ({
      ...{ share, at: scan.at, files: scan.counts.files, bytes: scan.counts.bytes },
      ...{ kind: suspicion.kind, since: suspicion.since, what: suspicion.what },
    })),
    accepted: accepted.map(({ share }) => share),
  };
}
