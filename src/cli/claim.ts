import { ownerToken } from '../app/owner-token.ts';
import type { Workspace } from '../app/workspace.ts';
import { IngestError } from '../core/errors.ts';
import type { OwnerId } from '../core/ids.ts';
import { plainText } from '../core/plain-output.ts';
import { printable, type SharePath } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import { createTokenStore } from '../credentials/read-token.ts';
import { answer } from './answer.ts';
import { type AskedPath, askedPath, seenPath } from './asked-path.ts';
import { isConfirmed } from './confirm.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { isWithin } from './find-causes.ts';
import { openForCommand, optionsOf } from './open.ts';
import { type ClaimView, claimJson, renderClaim, renderClaimed } from './render-claim.ts';
import type { AddCommand } from './run-cli.ts';
import { type Claimables, selectClaim } from './select-claim.ts';
import { type Place, suggestRules } from './suggest-rules.ts';
import { unknownName } from './unknown-name.ts';
import { whoAmI } from './who.ts';

type ClaimOptions = GlobalOptions & {
  readonly for: string;
  readonly reason?: string;
  readonly yes?: boolean;
};

export const addClaim: AddCommand = (program, context, finish) => {
  program
    .command('claim')
    .argument('<path>', 'what was delivered to the collector: absolute, SHARE:PATH, or below the only share')
    .requiredOption('--for <owner>', 'whose it is')
    .option('--reason <text>', 'why; it is kept with your name')
    .option('--yes', 'do it; without it a terminal is asked, and nothing else is changed')
    .description(
      "Give data that went to the collector to its owner: it is delivered again, to the owner's account.",
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar claim SEM1/mueler --for mueller                    preview\n  nightjar claim SEM1/mueler --for mueller --reason "typing error" --yes\n\nThe next run sends what is on the share now, in new batches; the collector\'s copy stays. Files that join the same\ndatasets go to the owner too, until a rule of folders.yaml says whose they are: it suggests the line.\n\nExit code 0: done, or previewed; 64: nothing there is the collector\'s; 75: what was shown is\nanother by now, and nothing was changed; 78: the owner has no usable credential.',
    )
    .action(async (text: string, _options, command) => {
      const options = optionsOf<ClaimOptions>(command);
      await using workspace = await openForCommand(context, options);
      const asked = seenPath(workspace.ledger, askedPath(text, workspace.config.shares, process.cwd()));
      finish(await claim(context, workspace, { asked, options }));
    });
};

async function claim(
  context: CliContext,
  workspace: Workspace,
  { asked, options }: { readonly asked: AskedPath; readonly options: ClaimOptions },
): Promise<number> {
  const owner = ownerNamed(workspace, options.for);
  const found = selectClaim(workspace, asked);
  refuseOthers(workspace, asked, { owner, found });
  const rules = suggestRules(workspace, owner, placesOf(asked, found));
  const view: ClaimView = { asked, owner, found, rules };
  if (found.batches.length > 0) await requireCredential(context, workspace, view);
  if (options.json !== true) context.out.write(`${plainText(renderClaim(view))}\n`);
  const wanted = found.batches.length > 0 && (await isConfirmed(context, options, 'Claim it?'));
  const done = wanted && record(workspace, view, { by: whoAmI(context), reason: options.reason });
  const isPassed = wanted && !done;
  answer(context, options, claimJson(view, done), () =>
    isPassed ? `Nothing was changed: ${CHANGED}` : renderClaimed(view, done),
  );
  return isPassed ? EXIT.temporary : EXIT.done;
}

function ownerNamed({ config }: Workspace, name: string): OwnerId {
  const { owners } = config.mapping;
  const owner = owners.find(({ id, aliases }) => String(id) === name || aliases.includes(name));
  if (owner !== undefined) return owner.id;
  throw unknownName(
    'owner',
    name,
    owners.map(({ id }) => String(id)),
  );
}

/** USAGE where nothing is the collector's, or what was is claimed for somebody else. */
function refuseOthers(
  { assign }: Workspace,
  { share, path }: AskedPath,
  { owner, found }: { readonly owner: OwnerId; readonly found: Claimables },
): void {
  const place = `${share.name}:${printable(path)}`;
  if (found.batches.length > 0) return;
  const now = assign(share.name, `${path}/…` as SharePath, undefined);
  const claimedFor = now.kind === 'owned' && now.claimed === true ? now.owner : undefined;
  if (found.already.files > 0 && (claimedFor === undefined || claimedFor === owner)) return;
  if (claimedFor !== undefined)
    throw new IngestError('USAGE', `${place} is claimed for ${claimedFor} already`, {
      hint: 'A claim is not taken back: a rule in folders.yaml says whose new data there is.',
    });
  const whose = [...found.others].map(([name, { files }]) => `${count(files, 'file')} of ${name}`);
  const others = whose.length === 0 ? 'nothing is known there' : `there are ${whose.join(', ')}`;
  throw new IngestError('USAGE', `nothing at ${place} was delivered to the collector: ${others}`, {
    hint: `Only what went to the collector can be claimed. Whose it is, and why: nightjar explain ${place}`,
  });
}

/** Throws as a delivery would: a claim that could not be delivered would only hold what lies well with the collector. */
async function requireCredential(
  { env }: CliContext,
  { config }: Workspace,
  { owner, found }: ClaimView,
): Promise<void> {
  const store = createTokenStore({ dir: config.credentials.dir, env });
  for (const destination of new Set(found.batches.map(({ head }) => head.destination)))
    await ownerToken(config, store, { owner, destination });
}

/** Each dataset, or the part of it that was asked for. */
function placesOf({ path }: AskedPath, { datasets, batches }: Claimables): Place[] {
  return [...datasets].map((dataset) => {
    const at = isWithin(dataset, path) ? dataset : path;
    const samples = batches.filter(({ head }) => head.dataset === dataset).flatMap(({ paths }) => paths);
    return { path: at, isFile: samples.some((sample) => sample === at), samples };
  });
}

const CHANGED = 'what was shown is another by now. Look again: nightjar claim';

/** False when what was shown is another by now: then nothing is claimed. */
function record(
  workspace: Workspace,
  { asked, owner, found }: ClaimView,
  { by, reason }: { readonly by: string; readonly reason: string | undefined },
): boolean {
  const { ledger, clock } = workspace;
  const at = clock.now();
  const claims = [...found.datasets].map((dataset) => ({
    ...{ path: asked.path, dataset, owner, by, at },
    reason,
  }));
  const batches = found.batches.map(({ head, paths }) => ({ id: head.id, no: head.no, paths }));
  return ledger.transaction(() => {
    if (essence(selectClaim(workspace, asked)) !== essence(found)) return false;
    ledger.claims.put(asked.share.name, claims, batches);
    return true;
  });
}

const essence = ({ batches, datasets }: Claimables): string =>
  JSON.stringify([batches.map(({ head, paths }) => [head.id, head.epoch, paths]), [...datasets]]);
