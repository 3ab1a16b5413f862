import { createInterface } from 'node:readline/promises';
import type { Workspace } from '../app/workspace.ts';
import type { Decision } from '../core/decision.ts';
import { IngestError } from '../core/errors.ts';
import { plainText } from '../core/plain-output.ts';
import { quoted } from '../core/share-path.ts';
import { batchError } from '../ledger/batch-row.ts';
import { sayDecision } from '../ownership/narrow.ts';
import { answer } from './answer.ts';
import { askedPath, seenPath } from './asked-path.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { isWithin } from './find-causes.ts';
import { openToRead } from './open-to-read.ts';
import { type DecisionPreview, previewDecision } from './preview-decision.ts';
import { decisionJson, decisionsJson, renderDecision, renderDecisions } from './render-decision.ts';
import { whoAmI } from './who.ts';

export type DecideOptions = GlobalOptions & {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
};

/** The decisions of a kind that are in force. */
export async function listDecisions(
  context: CliContext,
  options: GlobalOptions,
  kind: Decision['kind'],
): Promise<void> {
  await using workspace = await openToRead(context, options);
  const inForce = workspace.config.shares.flatMap(({ name }) =>
    workspace.ledger.decisions
      .all(name)
      .filter((decision) => decision.kind === kind)
      .map((decision) => ({ share: name, decision })),
  );
  answer(context, options, decisionsJson(inForce), () => renderDecisions(kind, inForce));
}

/** Shows what the decision would change, and makes it when it is wanted. */
export async function decidePath(
  context: CliContext,
  options: DecideOptions,
  { kind, path }: { readonly kind: Decision['kind']; readonly path: string },
): Promise<void> {
  await using workspace = await openToRead(context, options);
  const asked = seenPath(workspace.ledger, askedPath(path, workspace.config.shares, process.cwd()));
  const decision: Decision = {
    ...{ kind, path: asked.path, by: whoAmI(context), since: context.clock.now() },
    reason: options.reason?.trim() ?? 'no reason given',
  };
  const preview = previewDecision(workspace, asked, decision);
  if (options.json !== true) context.out.write(`${plainText(renderDecision(preview))}\n`);
  const done = preview.changes > 0 && (await isWanted(context, options));
  if (done) record(workspace, preview);
  answer(context, options, decisionJson(preview, done), () => outcome(preview, done));
}

function outcome({ decision, changes, asked }: DecisionPreview, done: boolean): string {
  if (changes === 0) return 'It would change nothing, so nothing was recorded.';
  if (!done) return 'Nothing was changed. With --yes it is done.';
  const undo = `nightjar resume path ${quoted(`${asked.share.name}:${asked.path}`)}`;
  return decision.kind === 'force'
    ? `Done: the next run sends it; then the force is over. Until then: ${undo}`
    : `Done: it is left out from now on, and counted. To take it back: ${undo}`;
}

/** The decision, and with an exclusion its files out of batches that have not begun. */
function record({ ledger, clock }: Workspace, { asked, decision, batches }: DecisionPreview): void {
  const { share, path } = asked;
  ledger.decisions.put(share.name, decision);
  const error = new IngestError('MAPPING_CHANGED', `a file of it is ${sayDecision(decision)}`, {
    hint: 'Nothing to do: its other files are planned again.',
  });
  for (const { id } of batches) {
    const batch = ledger.batches.get(id);
    const bad = batch.files.filter((file) => isWithin(file.path, path)).map((file) => file.path);
    try {
      ledger.batches.withdraw(batch, batchError(error, clock.now()), { paths: bad, mark: 'none' });
    } catch (thrown) {
      // It went on its way just now: when it is delivered it is held against the decision.
      if (!(thrown instanceof IngestError && thrown.code === 'LEASE_LOST')) throw thrown;
    }
  }
}

async function isWanted(context: CliContext, options: DecideOptions): Promise<boolean> {
  if (options.dryRun === true) return false;
  if (options.yes === true) return true;
  if (options.json === true || !context.err.isTTY || !process.stdin.isTTY) return false;
  using lines = createInterface({ input: process.stdin, output: context.err });
  // Ctrl-C and Ctrl-D are a No.
  const said = await lines.question('Do it? [y/N] ').catch(() => 'no');
  return /^y(es)?$/i.test(said.trim());
}
