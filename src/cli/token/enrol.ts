import { proveToken } from '../../app/prove-token.ts';
import { userAgentOf } from '../../app/user-agent.ts';
import type { Workspace } from '../../app/workspace.ts';
import { asIngestError, IngestError } from '../../core/errors.ts';
import { createTokenStore } from '../../credentials/read-token.ts';
import { createHttpClient } from '../../http/http-client.ts';
import { answer } from '../answer.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openForCommand, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';
import { type Enrolled, enrolledJson, keepToken, refuseTerminal, renderEnrolled } from './keep.ts';
import { type Obtained, obtainToken, type Source } from './obtain.ts';
import { nomadCalled, ownerCalled } from './which.ts';

type EnrolOptions = GlobalOptions & Source & { readonly destination?: string; readonly stdout?: boolean };

export const addEnrol: AddCommand = (program, context, finish) => {
  program
    .command('enrol')
    .argument('<owner>', 'whose data is to be delivered with it: an owner, an alias, or "collector"')
    .option('--destination <name>', 'the platform, if there are several')
    .option('--user <name>', 'log in as this user instead of asking for the name')
    .option('--access-token', 'read an access token instead of a password')
    .option('--paste', 'read the token itself: from "command line upload" on the uploads page')
    .option('--pat', 'make a personal access token instead (NOMAD 1.4 and later); it ends')
    .option('--days <days>', 'with --pat: how long it lives (default 365)')
    .option('--read', 'with --pat: it may also read, so that deliveries can be verified')
    .option('--stdout', 'write the token into a pipe instead of storing it')
    .description('Get a token for an owner, prove it, and store it where only Nightjar can read it.')
    .addHelpText(
      'after',
      "\nExamples:\n  nightjar token enrol mueller\n  nightjar token enrol mueller --paste < token.txt\n  nightjar token enrol mueller --pat --days 180 --read\n  nightjar token enrol mueller --stdout | systemd-creds encrypt --name=mueller - /etc/credstore.encrypted/mueller\n\nThe password is asked for on the terminal (or read from a pipe), sent once to the platform's login, and kept\nnowhere. Before anything is stored the token is proven: it lasts, it is not the administrator's, it is the\nconfigured person's, no other owner has one of the same account, and the platform takes it.",
    )
    .action(async (name: string, _options, command) => {
      const options = optionsOf<EnrolOptions>(command);
      using stop = stopSignals((signal) => context.err.write(`\n${signal}: stopping.\n`));
      await using workspace = await openForCommand(context, options);
      const enrolled = await enrol(context, workspace, { name, options, signal: stop.signal });
      if (options.stdout !== true)
        answer(context, options, enrolledJson(enrolled), () => renderEnrolled(enrolled));
      finish(stop.exitCode() ?? EXIT.done);
    });
};

type Wanted = { readonly name: string; readonly options: EnrolOptions; readonly signal: AbortSignal };

async function enrol(
  context: CliContext,
  workspace: Workspace,
  { name, options, signal }: Wanted,
): Promise<Enrolled> {
  const { config, clock } = workspace;
  refuseTerminal(context, options.stdout);
  const owner = ownerCalled(config, name);
  const destination = nomadCalled(config, options.destination);
  const store = createTokenStore({ dir: config.credentials.dir, env: context.env });
  const http = createHttpClient({ userAgent: userAgentOf(workspace.config), clock });
  try {
    const got = await obtainToken({ context, http, owner, destination, signal }, options);
    const proven = await orphanTold(got, () =>
      proveToken(workspace, store, { owner, destination, token: got.token, userId: got.userId }, signal),
    );
    const toPipe = options.stdout === true;
    return await orphanTold(got, () =>
      keepToken(context, workspace, { owner, token: got.token, proven, pat: got.pat, toPipe }),
    );
  } finally {
    await http.close();
  }
}

/** A personal access token that was made and cannot be used stays on the platform: the person has to know. */
async function orphanTold<T>({ pat }: Obtained, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (pat === undefined) throw thrown;
    const error = asIngestError(thrown, 'enrol the token');
    throw new IngestError(error.code, error.message, {
      hint: `${error.hint} The personal access token ${pat.id} was made on the platform and is not used: revoke it there.`,
      context: error.context,
      cause: error,
    });
  }
}
