import { takenBy } from '../../app/account-of-two.ts';
import { tokenRef } from '../../app/owner-token.ts';
import { type NomadDestination, proveToken } from '../../app/prove-token.ts';
import { userAgentOf } from '../../app/user-agent.ts';
import type { Workspace } from '../../app/workspace.ts';
import { asIngestError, IngestError } from '../../core/errors.ts';
import type { OwnerId } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import { createTokenStore } from '../../credentials/read-token.ts';
import { storeToken } from '../../credentials/store-token.ts';
import { createAccount } from '../../destinations/nomad/account.ts';
import { createHttpClient, type HttpClient } from '../../http/http-client.ts';
import type { CredentialRecord } from '../../ledger/credentials.ts';
import { answer } from '../answer.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openForCommand, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';
import { type Enrolled, enrolledJson, renderEnrolled } from './keep.ts';
import { accessToken, type Source } from './obtain.ts';
import { nomadCalled, ownerCalled } from './which.ts';

type RotateOptions = GlobalOptions & Pick<Source, 'user' | 'accessToken'> & { readonly destination?: string };

export const addRotate: AddCommand = (program, context, finish) => {
  program
    .command('rotate')
    .argument('<owner>', 'whose personal access token')
    .option('--destination <name>', 'the platform, if there are several')
    .option('--user <name>', 'log in as this user instead of asking for the name')
    .option('--access-token', 'read an access token instead of a password')
    .description(
      'Exchange an enrolled personal access token for a new one; it cannot do that by itself, a login does.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token rotate mueller\n\nThe platform ends the old token first. Should it then fail to make the new one, you are told so: the owner then\nneeds `nightjar token enrol OWNER --pat` before the next evening.',
    )
    .action(async (name: string, _options, command) => {
      const options = optionsOf<RotateOptions>(command);
      using stop = stopSignals((signal) => context.err.write(`\n${signal}: stopping.\n`));
      await using workspace = await openForCommand(context, options);
      const http = createHttpClient({ userAgent: userAgentOf(workspace.config), clock: context.clock });
      try {
        const rotated = await rotate({ context, workspace, http, signal: stop.signal }, name, options);
        answer(context, options, enrolledJson(rotated), () => renderEnrolled(rotated));
        finish(stop.exitCode() ?? EXIT.done);
      } finally {
        await http.close();
      }
    });
};

type Rotating = {
  readonly context: CliContext;
  readonly workspace: Workspace;
  readonly http: HttpClient;
  readonly signal: AbortSignal;
};

async function rotate(rotating: Rotating, name: string, options: RotateOptions): Promise<Enrolled> {
  const { context, workspace, http, signal } = rotating;
  const { config, ledger, clock } = workspace;
  const owner = ownerCalled(config, name);
  const destination = nomadCalled(config, options.destination);
  const record = rotatable(workspace, owner);
  const account = createAccount(destination, http);
  const access = await accessToken({ context, http, owner, destination, signal }, options, account);
  const store = createTokenStore({ dir: config.credentials.dir, env: context.env });
  const old = await store.token(record.name).catch(() => undefined);
  const pat = await account
    .rotatePat(access, record.remoteId, signal)
    .catch(async (thrown: unknown): Promise<never> => {
      throw failed(thrown, owner, await howIsOld(workspace, destination, old));
    });
  // Stored before it is proven: the old one is dead, and this one is never shown again.
  const file = await storeToken(config.credentials.dir, record.name, pat.token).catch(
    (thrown: unknown): never => {
      throw failed(thrown, owner, 'The new token was made and is lost, the old one is dead');
    },
  );
  ledger.credentials.save({ ...record, remoteId: pat.id, expiresAt: pat.expiresAt, enrolledAt: clock.now() });
  const candidate = { owner, destination, token: pat.token, userId: record.userId };
  const proven = await proveToken(workspace, store, candidate, signal);
  return { owner, name: record.name, file, proven, expiresAt: pat.expiresAt, missingLine: undefined };
}

function rotatable(
  { config, ledger }: Workspace,
  owner: OwnerId,
): CredentialRecord & { readonly remoteId: string } {
  const name = tokenRef(config, owner, 'nomad')?.token ?? String(owner);
  const record = ledger.credentials.find(name);
  const { remoteId } = record ?? {};
  if (record !== undefined && remoteId !== undefined) return { ...record, remoteId };
  throw new IngestError('USAGE', `the token of ${owner} is none that can be rotated`, {
    hint: 'Only a personal access token that was made with `nightjar token enrol OWNER --pat` can. An upload token never ends and is the only one its user has.',
  });
}

/** The platform revokes first, and then makes the new one: what became of the old one only it can say. */
async function howIsOld(
  { destination }: Workspace,
  { name }: NomadDestination,
  old: Secret | undefined,
): Promise<string> {
  const unknown = 'Whether the old token still works is not known';
  if (old === undefined) return unknown;
  try {
    const signal = new AbortController().signal;
    return (await takenBy(destination(name), signal)(old))
      ? 'The old token still works'
      : 'The old token is dead: the platform ends it before it makes a new one';
  } catch {
    return unknown;
  }
}

function failed(thrown: unknown, owner: OwnerId, old: string): IngestError {
  const error = asIngestError(thrown, `rotate the token of ${owner}`);
  return new IngestError(error.code, `${error.message}. ${old}`, {
    hint: `Look with \`nightjar token check ${owner}\`. If it is refused, deliveries of ${owner} wait until you run: nightjar token enrol ${owner} --pat. ${error.hint}`,
    context: error.context,
    cause: error,
  });
}
