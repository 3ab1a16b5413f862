import type { NomadDestination } from '../../app/prove-token.ts';
import { IngestError } from '../../core/errors.ts';
import type { OwnerId } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import { type Account, createAccount, type NewPat } from '../../destinations/nomad/account.ts';
import { tokenFacts } from '../../destinations/nomad/token.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { CliContext } from '../context.ts';
import { askLine, askSecret } from './ask.ts';

/** Where a token comes from: a login (the default), an access token somebody has, or the token itself. */
export type Source = {
  readonly user?: string;
  readonly accessToken?: boolean;
  readonly paste?: boolean;
  readonly pat?: boolean;
  readonly days?: string;
  readonly read?: boolean;
};

/** A token at hand. `userId`: whose login it was made with; `pat`: what the platform told of it when it was made. */
export type Obtained = { readonly token: Secret; readonly userId?: string; readonly pat?: NewPat };

type Asking = {
  readonly context: CliContext;
  readonly http: HttpClient;
  readonly owner: OwnerId;
  readonly destination: NomadDestination;
  readonly signal: AbortSignal;
};

/** The least that a delivery needs; reading back what arrived needs one more. */
const WRITE = 'uploads:write';
const READ = 'uploads:read';
const DEFAULT_DAYS = 365;
/** What the platform allows by its defaults. */
const LONGEST_DAYS = 365;

export async function obtainToken(asking: Asking, source: Source): Promise<Obtained> {
  refuseMixed(source);
  const days = daysOf(source.days);
  if (source.paste === true) return { token: await askSecret(asking.context, 'Token: ') };
  const account = createAccount(asking.destination, asking.http);
  const access = await accessToken(asking, source, account);
  const upload = await account.uploadToken(access, asking.signal);
  const userId = tokenFacts(upload).userId;
  const whose = userId === undefined ? {} : { userId };
  if (source.pat !== true) return { token: upload, ...whose };
  const scopes = source.read === true ? [WRITE, READ] : [WRITE];
  const wish = { name: `nightjar ${asking.owner}`, scopes, days };
  const pat = await account.createPat(access, wish, asking.signal);
  return { token: pat.token, pat, ...whose };
}

/** Made anew of a password each time, and forgotten when the command ends. */
export async function accessToken(
  { context, destination, signal }: Asking,
  { user, accessToken: isGiven }: Source,
  account: Account,
): Promise<Secret> {
  if (isGiven === true) return await askSecret(context, 'Access token: ');
  if (user === undefined) context.err.write(`Log in at ${destination.baseUrl}\n`);
  const name = user ?? (await askLine(context, 'User name: '));
  const password = await askSecret(context, `Password of ${name}: `);
  return await account.login(name, password, signal);
}

/** Before anybody is asked for a password. */
function refuseMixed({ paste, pat, days, read }: Source): void {
  if (paste === true && pat === true)
    throw new IngestError('USAGE', '--paste and --pat do not go together', {
      hint: 'A personal access token that you have already made is pasted like any other: leave out --pat.',
    });
  if (pat === true || (days === undefined && read !== true)) return;
  const option = days === undefined ? '--read' : '--days';
  throw new IngestError('USAGE', `${option} needs --pat: it is said of a personal access token`, {
    hint: `Add --pat, or leave out ${option}: an upload token does not end, and cannot read.`,
  });
}

function daysOf(text: string | undefined): number {
  const days = text === undefined ? DEFAULT_DAYS : Number(text);
  if (Number.isInteger(days) && days > 0 && days <= LONGEST_DAYS) return days;
  throw new IngestError('USAGE', `--days ${text}: expected a whole number of days, at most ${LONGEST_DAYS}`, {
    hint: 'Example: --days 90.',
  });
}
