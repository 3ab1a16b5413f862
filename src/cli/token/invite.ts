import { join } from 'node:path';
import { tokenRef } from '../../app/owner-token.ts';
import { IngestError } from '../../core/errors.ts';
import type { OwnerId } from '../../core/ids.ts';
import { utcDay } from '../../core/utc.ts';
import { createInvitations, type Invitation } from '../../credentials/invitations.ts';
import { answer } from '../answer.ts';
import type { CliContext, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { configOf, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { invitationCommand } from './invitation-command.ts';
import { nomadCalled, ownerCalled } from './which.ts';

type InviteOptions = GlobalOptions & {
  readonly destination?: string;
  readonly userId?: string;
  readonly days?: string;
  readonly withdraw?: boolean;
};

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
const LONGEST_DAYS = 90;

export const addInvite: AddCommand = (program, context, finish) => {
  program
    .command('invite')
    .argument('<owner>', 'who is to hand over a token: an owner, an alias, or "collector"')
    .option('--destination <name>', 'the platform, if there are several')
    .option('--user-id <id>', "the platform's user id of the owner, where folders.yaml does not have it")
    .option('--days <days>', 'how long it is good (default 7)')
    .option('--withdraw', 'end the invitation of this owner')
    .description(
      'Let an owner hand over the token alone: prints one command for them; nobody else sees the token.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token invite mueller > for-mueller.txt\n  nightjar token invite mueller --user-id 7d1c4f0e-… --days 14\n  nightjar token invite mueller --withdraw\n\nThe owner pastes the command into a shell (Linux, macOS, Git Bash; it needs curl and openssl), logs in there or\npastes the token, and sends back the one line that it prints. That line is sealed for a key in `state_dir`:\nwhoever carries it cannot read it. `nightjar token accept` opens it, once.',
    )
    .action(async (name: string, _options, command) => {
      const options = optionsOf<InviteOptions>(command);
      const config = configOf(context, options);
      const owner = ownerCalled(config, name);
      const invitations = createInvitations(join(config.stateDir, 'invitations'));
      if (options.withdraw === true) {
        const ended = (await invitations.all()).filter((one) => one.owner === owner);
        for (const { code } of ended) await invitations.end(code);
        const said = ended.length === 0 ? 'had no invitation' : 'has no invitation any more';
        answer(context, options, { format: 1, owner, withdrawn: ended.length }, () => `${owner} ${said}.`);
        finish(EXIT.done);
        return;
      }
      const destination = nomadCalled(config, options.destination);
      const { invitation, publicKey } = await invitations.make({
        ...{ owner, destination: String(destination.name) },
        userId: userIdFor(owner, tokenRef(config, owner, 'nomad')?.userId, options.userId),
        expiresAt: context.clock.now() + daysOf(options.days) * DAY_MS,
      });
      const until = utcDay(invitation.expiresAt);
      const { baseUrl } = destination;
      const text = invitationCommand({ code: invitation.code, publicKey, baseUrl, until });
      if (options.json !== true) explain(context, invitation);
      answer(context, options, { format: 1, ...invitationJson(invitation), command: text }, () => text);
      finish(EXIT.done);
    });
};

/** On standard error: standard output is what the owner gets. */
function explain({ err }: CliContext, { owner, userId, expiresAt }: Invitation): void {
  err.write(
    `Give ${owner} this command. It is good once, until ${utcDay(expiresAt)}, for ${userId === undefined ? 'an account that you name when you accept it' : `the account ${userId}`}.\nWhat comes back goes into: nightjar token accept\n\n`,
  );
}

function invitationJson({ owner, destination, userId, code, expiresAt }: Invitation): object {
  return { owner, destination, userId: userId ?? null, code, expiresAt };
}

function userIdFor(
  owner: OwnerId,
  configured: string | undefined,
  asked: string | undefined,
): string | undefined {
  if (configured === undefined || asked === undefined || configured === asked) return configured ?? asked;
  throw new IngestError('USAGE', `folders.yaml says that ${owner} is user ${configured}, not ${asked}`, {
    hint: 'Leave out --user-id, or correct folders.yaml.',
  });
}

function daysOf(text: string | undefined): number {
  const days = text === undefined ? DEFAULT_DAYS : Number(text);
  if (Number.isInteger(days) && days > 0 && days <= LONGEST_DAYS) return days;
  throw new IngestError('USAGE', `--days ${text}: expected a whole number of days, at most ${LONGEST_DAYS}`, {
    hint: 'Example: --days 14.',
  });
}
