import { tokenRef } from '../../app/owner-token.ts';
import type { ProvenToken } from '../../app/prove-token.ts';
import type { Workspace } from '../../app/workspace.ts';
import { IngestError } from '../../core/errors.ts';
import type { OwnerId } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import { utcDay } from '../../core/utc.ts';
import { storeToken } from '../../credentials/store-token.ts';
import type { NewPat } from '../../destinations/nomad/account.ts';
import { KIND_WORDS } from '../../destinations/nomad/token.ts';
import type { CliContext } from '../context.ts';

/** What came of an enrolment; never the token. Times in ms since 1970. */
export type Enrolled = {
  readonly owner: OwnerId;
  readonly name: string;
  readonly file: string | undefined;
  readonly proven: ProvenToken;
  readonly expiresAt: number | undefined;
  /** A line for folders.yaml, where it does not name the token yet. */
  readonly missingLine: string | undefined;
};

type Keeping = {
  readonly owner: OwnerId;
  readonly token: Secret;
  readonly proven: ProvenToken;
  readonly pat?: NewPat | undefined;
  /** Write it into a pipe instead of a file. */
  readonly toPipe: boolean;
};

/** Stores a proven token under the name that folders.yaml gives it, or the owner's, and remembers what it is. */
export async function keepToken(
  context: CliContext,
  { config, ledger, clock }: Workspace,
  { owner, token, proven, pat, toPipe }: Keeping,
): Promise<Enrolled> {
  const ref = tokenRef(config, owner, 'nomad');
  const name = ref?.token ?? String(owner);
  const { kind, expiresAt = pat?.expiresAt } = proven.facts;
  const file = toPipe ? undefined : await storeToken(config.credentials.dir, name, token);
  if (toPipe) context.out.write(`${token.reveal()}\n`);
  const record = { name, kind, remoteId: pat?.id, userId: proven.userId, expiresAt };
  ledger.credentials.save({ ...record, enrolledAt: clock.now() });
  const isNamed = ref !== undefined && (ref.userId !== undefined || proven.userId === undefined);
  const missingLine = isNamed ? undefined : lineFor(owner, name, proven.userId);
  return { owner, name, file, proven, expiresAt, missingLine };
}

export function refuseTerminal({ out }: CliContext, toPipe: boolean | undefined): void {
  if (toPipe !== true || !out.isTTY) return;
  throw new IngestError('USAGE', '--stdout would show the token on the terminal', {
    hint: 'Send it into a pipe: … --stdout | systemd-creds encrypt --name=OWNER - FILE',
  });
}

/** With the user id, so that from then on no token of somebody else is taken in its place. */
function lineFor(owner: OwnerId, name: string, userId: string | undefined): string {
  const block = `nomad: { token: ${name}${userId === undefined ? '' : `, user_id: ${userId}`} }`;
  return owner === 'collector' ? `collector: { ${block} }` : `${owner}: { ${block} }`;
}

export function enrolledJson({ owner, name, file, proven, expiresAt, missingLine }: Enrolled): object {
  const { facts, userId } = proven;
  return {
    ...{ format: 1, owner, name, file: file ?? null, kind: facts.kind },
    generation: facts.generation ?? null,
    userId: userId ?? null,
    expiresAt: expiresAt ?? null,
    ...(missingLine === undefined ? {} : { missingLine }),
  };
}

export function renderEnrolled({ owner, file, proven, expiresAt, missingLine }: Enrolled): string {
  const { facts, said, userId } = proven;
  const end = expiresAt === undefined ? 'It does not end.' : `It ends on ${utcDay(expiresAt)}.`;
  return [
    `Enrolled the ${KIND_WORDS[facts.kind]}${userId === undefined ? '' : ` of user ${userId}`} for ${owner}. ${end}`,
    ...(file === undefined ? [] : [`Stored in ${file}, readable for Nightjar alone.`]),
    said,
    ...(facts.kind === 'app'
      ? [
          'App tokens can do everything their user can, and NOMAD calls them deprecated: prefer an upload token.',
        ]
      : []),
    ...(missingLine === undefined ? [] : ['', 'folders.yaml should say whose it is:', `  ${missingLine}`]),
  ].join('\n');
}
