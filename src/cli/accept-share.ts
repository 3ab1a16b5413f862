import type { Workspace } from '../app/workspace.ts';
import type { ShareConfig } from '../config/config.ts';
import { asIngestError } from '../core/errors.ts';
import { plainText } from '../core/plain-output.ts';
import { printable } from '../core/share-path.ts';
import { proveShare, type ShareIdentity } from '../share/prove-share.ts';
import { answer } from './answer.ts';
import { isConfirmed } from './confirm.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';
import { columns } from './style.ts';
import { unknownName } from './unknown-name.ts';
import { whoAmI } from './who.ts';

type AcceptOptions = GlobalOptions & { readonly yes?: boolean };

/** A share as it is remembered and as it is. `why`: what a run has against it; undefined: nothing. */
type Compared = {
  readonly remembered: ShareIdentity | undefined;
  readonly found: ShareIdentity;
  readonly why: string | undefined;
};

export const addAcceptShare: AddCommand = (program, context, finish) => {
  program
    .command('accept-share')
    .argument('<share>', 'which one')
    .option('--yes', 'do it; without it a terminal is asked, and nothing else is changed')
    .description('Take over a share that was moved on purpose: another server, disk or file system.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar accept-share lab          what is remembered and what is there, and asks\n  nightjar accept-share lab --yes\n\nThe marker must be there. The share keeps its name and all that is known of it: files that have the same path, size\nand time are not sent again.\n\nExit code 0: accepted, or there is nothing to accept; 3: only previewed.',
    )
    .action(async (name: string, _options, command) => {
      const options = optionsOf<AcceptOptions>(command);
      await using workspace = await openForCommand(context, options);
      finish(await acceptShare(context, workspace, { share: shareCalled(workspace, name), options }));
    });
};

function shareCalled({ config: { shares } }: Workspace, name: string): ShareConfig {
  const found = shares.find((share) => share.name === name);
  if (found !== undefined) return found;
  const names = shares.map((share) => String(share.name));
  throw unknownName('share', name, names);
}

async function acceptShare(
  context: CliContext,
  workspace: Workspace,
  { share, options }: { readonly share: ShareConfig; readonly options: AcceptOptions },
): Promise<number> {
  const compared = await compare(workspace, share);
  const { found, why } = compared;
  if (options.json !== true) context.out.write(`${plainText(comparison(compared))}\n`);
  const wanted = why !== undefined && (await isConfirmed(context, options, 'Is this the share?'));
  const by = whoAmI(context);
  const at = context.clock.now();
  if (wanted) workspace.ledger.identities.accept(share.name, JSON.stringify(found), { at, by });
  const json = { format: 1, share: share.name, accepted: wanted, ...compared, why: why ?? null };
  answer(context, options, { ...json, remembered: compared.remembered ?? null }, () => outcome(why, wanted));
  return wanted || why === undefined ? EXIT.done : EXIT.attention;
}

/** Throws what keeps the share from being proven at all: no marker, no answer, no right to read it. */
async function compare({ ledger, clock }: Workspace, share: ShareConfig): Promise<Compared> {
  const json = ledger.identities.find(share.name);
  const remembered = json === undefined ? undefined : (JSON.parse(json) as ShareIdentity);
  const { signal } = new AbortController();
  const proof = { deadlineMs: share.stallMs, clock, signal };
  const found = await proveShare(share, proof);
  if (remembered === undefined) return { remembered, found, why: undefined };
  const why = await proveShare(share, { ...proof, remembered }).then(
    () => undefined,
    (thrown: unknown) => asIngestError(thrown, `prove share ${share.name}`).message,
  );
  return { remembered, found, why };
}

function comparison({ remembered, found, why }: Compared): string {
  const rows = [
    ['', 'remembered', 'found'],
    ...lines(remembered).map(([what, was], at) => [what, was, lines(found)[at]?.[1] ?? '']),
  ];
  return [...columns(rows), ...(why === undefined ? [] : ['', printable(why)])].join('\n');
}

function lines(identity: ShareIdentity | undefined): (readonly [string, string])[] {
  const { source, fsType, device, mounted, topLevel, dirs } = identity ?? {};
  return [
    ['source', show(source)],
    ['file system', show(fsType)],
    ['mounted', mounted === undefined ? '-' : mounted ? 'yes' : 'no'],
    ['device', show(device)],
    ['names in its root', show(topLevel)],
    ['directories', dirs === undefined ? '-' : shownNames(dirs)],
  ];
}

const show = (value: string | number | undefined): string => (value === undefined ? '-' : String(value));

const NAMES_SHOWN = 8;

function shownNames(dirs: readonly string[]): string {
  const names = dirs.slice(0, NAMES_SHOWN).map((name) => printable(Buffer.from(name, 'latin1').toString()));
  return dirs.length > NAMES_SHOWN ? `${names.join(', ')}, …` : names.join(', ');
}

function outcome(why: string | undefined, accepted: boolean): string {
  if (why === undefined) return 'The share is proven; there is nothing to accept.';
  return accepted
    ? 'Accepted: from now on this is the share. The next run looks at it; at once: nightjar run'
    : 'Nothing was changed: add --yes to accept it.';
}
