import type { Decision } from '../core/decision.ts';
import { plainText } from '../core/plain-output.ts';
import { quoted } from '../core/share-path.ts';
import { answer } from './answer.ts';
import { askedPath, seenPath } from './asked-path.ts';
import { isConfirmed } from './confirm.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { openToRead } from './open-to-read.ts';
import { type DecisionPreview, previewDecision } from './preview-decision.ts';
import { recordDecision, sayGoneOn } from './record-decision.ts';
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
  const goneOn = done ? recordDecision(workspace, preview) : [];
  answer(context, options, decisionJson(preview, done, goneOn), () =>
    [outcome(preview, done), ...sayGoneOn(goneOn)].join('\n'),
  );
}

function outcome({ decision, changes, asked }: DecisionPreview, done: boolean): string {
  if (changes === 0) return 'It would change nothing, so nothing was recorded.';
  if (!done) return 'Nothing was changed. With --yes it is done.';
  const undo = `nightjar resume path ${quoted(`${asked.share.name}:${asked.path}`)}`;
  return decision.kind === 'force'
    ? `Done: the next run sends it; then the force is over. Until then: ${undo}`
    : `Done: it is left out from now on, and counted. To take it back: ${undo}`;
}

async function isWanted(context: CliContext, options: DecideOptions): Promise<boolean> {
  return options.dryRun !== true && (await isConfirmed(context, options, 'Do it?'));
}
