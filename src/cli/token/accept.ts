import { join } from 'node:path';
import { tokenRef } from '../../app/owner-token.ts';
import { proveToken } from '../../app/prove-token.ts';
import type { Workspace } from '../../app/workspace.ts';
import { IngestError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { createInvitations, type Invitation, SEALED_CHARACTERS } from '../../credentials/invitations.ts';
import { createTokenStore } from '../../credentials/read-token.ts';
import { checkTokenOwner, lastingToken } from '../../destinations/nomad/token.ts';
import { answer } from '../answer.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openForCommand, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';
import { type Enrolled, enrolledJson, keepToken, refuseTerminal, renderEnrolled } from './keep.ts';
import { nomadCalled, ownerCalled } from './which.ts';

type AcceptOptions = GlobalOptions & { readonly userId?: string; readonly stdout?: boolean };

export const addAccept: AddCommand = (program, context, finish) => {
  program
    .command('accept')
    .option('--user-id <id>', 'whose token it must be, where neither folders.yaml nor the invitation says it')
    .option('--stdout', 'write the token into a pipe instead of storing it')
    .description('Open what an invited owner sent back, prove the token, and store it. It is not shown.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token accept                      and paste the line\n  nightjar token accept < mail-from-mueller.txt\n\nThe line may stand in a mail, folded and quoted. The token must be of the account that folders.yaml or the\ninvitation names; where nobody named one, say whose it must be with --user-id. Once it is stored the\ninvitation is over, and its key is destroyed.',
    )
    .action(async (_options, command) => {
      const options = optionsOf<AcceptOptions>(command);
      refuseTerminal(context, options.stdout);
      using stop = stopSignals((signal) => context.err.write(`\n${signal}: stopping.\n`));
      await using workspace = await openForCommand(context, options);
      const sealed = await readSealed(context);
      const enrolled = await accept({ context, workspace, options, signal: stop.signal }, sealed);
      if (options.stdout !== true)
        answer(context, options, enrolledJson(enrolled), () => renderEnrolled(enrolled));
      finish(stop.exitCode() ?? EXIT.done);
    });
};

type Sealed = { readonly code: string; readonly text: string };
type Accepting = {
  readonly context: CliContext;
  readonly workspace: Workspace;
  readonly options: AcceptOptions;
  readonly signal: AbortSignal;
};

async function accept(
  { context, workspace, options, signal }: Accepting,
  { code, text }: Sealed,
): Promise<Enrolled> {
  const { config, clock } = workspace;
  const invitations = createInvitations(join(config.stateDir, 'invitations'));
  const invitation = await invitations.find(code, clock.now());
  if (invitation === undefined) throw over(code);
  const token = await invitations.unseal(code, text);
  if (token === undefined) throw damaged(invitation);
  const owner = ownerCalled(config, invitation.owner);
  const destination = nomadCalled(config, invitation.destination);
  const userId = tokenRef(config, owner, 'nomad')?.userId ?? invitation.userId ?? options.userId;
  refuseUnnamed(invitation, lastingToken(token, clock.now()).userId, userId);
  checkAccount(token, invitation, userId);
  const store = createTokenStore({ dir: config.credentials.dir, env: context.env });
  const proven = await proveToken(workspace, store, { owner, destination, token }, signal);
  const enrolled = await keepToken(context, workspace, {
    ...{ owner, token, proven, toPipe: options.stdout === true },
  });
  await invitations.end(code);
  return enrolled;
}

/** A mail folds and quotes lines: what is left without that. */
const SEALED = new RegExp(`nightjar:([0-9a-f]{16}):([A-Za-z0-9+/]{${SEALED_CHARACTERS}})`);
const PUT_IN_BY_MAIL = /[\s>]+/g;

/** From a pipe or the terminal, as soon as the whole of it is there. */
async function readSealed({ err }: CliContext): Promise<Sealed> {
  if (process.stdin.isTTY)
    err.write('Paste the line that begins with "nightjar:", then Enter (Ctrl-D ends):\n');
  let said = '';
  for await (const chunk of process.stdin) {
    said += String(chunk);
    const [, code, text] = SEALED.exec(said.replace(PUT_IN_BY_MAIL, '')) ?? [];
    if (code !== undefined && text !== undefined) return { code, text };
  }
  throw new IngestError('USAGE', 'what came is not the answer to an invitation, or not the whole of it', {
    hint: `It is one line: nightjar:CODE:… with ${SEALED_CHARACTERS} characters at the end.`,
  });
}

function over(code: string): IngestError {
  return new IngestError(
    'USAGE',
    `there is no invitation ${code}: it was used, withdrawn or replaced, or it has ended`,
    {
      hint: 'Make a new one, and let the owner run its command: nightjar token invite OWNER.',
    },
  );
}

function damaged({ owner, code }: Invitation): IngestError {
  return new IngestError(
    'USAGE',
    `the answer to invitation ${code} of ${owner} cannot be opened: it is damaged`,
    {
      hint: `Copy it again from what ${owner} sent. The invitation is still good.`,
    },
  );
}

function refuseUnnamed({ owner }: Invitation, actual: string | undefined, wanted: string | undefined): void {
  if (actual === undefined)
    throw new IngestError(
      'TOKEN_REJECTED',
      `the token that came back for ${owner} does not say whose it is`,
      {
        hint: 'An invitation takes an upload token. For a personal access token: nightjar token enrol OWNER --paste.',
      },
    );
  if (wanted !== undefined) return;
  throw new IngestError(
    'USAGE',
    `the token is of user ${actual}, and nobody has said that this is ${owner}`,
    {
      hint: `Ask ${owner} for their user id. If it is this one: nightjar token accept --user-id ${actual}. The invitation is still good.`,
    },
  );
}

function checkAccount(token: Secret, { owner }: Invitation, userId: string | undefined): void {
  if (userId !== undefined) checkTokenOwner(token, userId, owner);
}
