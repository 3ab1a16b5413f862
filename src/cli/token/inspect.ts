import { ownersWithTokens } from '../../app/account-of-two.ts';
import { tokenRef } from '../../app/owner-token.ts';
import type { Workspace } from '../../app/workspace.ts';
import { IngestError } from '../../core/errors.ts';
import type { OwnerId } from '../../core/ids.ts';
import { utcDay } from '../../core/utc.ts';
import { createTokenStore, type TokenStore } from '../../credentials/read-token.ts';
import {
  checkTokenOwner,
  KIND_WORDS,
  lastingToken,
  refuseAdmin,
  type TokenFacts,
  tokenFacts,
} from '../../destinations/nomad/token.ts';
import { answer } from '../answer.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { optionsOf } from '../open.ts';
import { openToRead } from '../open-to-read.ts';
import type { AddCommand } from '../run-cli.ts';
import { columns } from '../style.ts';
import { ownerCalled } from './which.ts';

/** One owner's token as it can be judged without asking anybody. Times in ms since 1970. */
export type Inspected = {
  readonly owner: OwnerId;
  readonly name: string;
  readonly facts: TokenFacts | undefined;
  readonly userId: string | undefined;
  readonly expiresAt: number | undefined;
  readonly problem: IngestError | undefined;
};

export const addInspect: AddCommand = (program, context, finish) => {
  program
    .command('inspect')
    .argument('[owner...]', 'only these; default: everyone with a token')
    .description(
      'What the tokens say by themselves, offline: kind, generation, whose, until when; and what is wrong.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token inspect\n  nightjar token inspect mueller --json\n\nIt asks no platform (that is `nightjar token check`) and shows no token.\n\nExit code 0: nothing is wrong; 3: a token cannot be used as it is.',
    )
    .action(async (names: string[], _options, command) => {
      const options = optionsOf<GlobalOptions>(command);
      await using workspace = await openToRead(context, options);
      const store = createTokenStore({ dir: workspace.config.credentials.dir, env: context.env });
      const inspected = await inspectTokens(workspace, store, names);
      const json = { format: 1, tokens: inspected.map(inspectedJson) };
      answer(context, options, json, () => renderInspected(inspected));
      finish(inspected.every(({ problem }) => problem === undefined) ? EXIT.done : EXIT.attention);
    });
};

/** Every token, or those of the owners named; two owners with a token of one account are both told. */
export async function inspectTokens(
  workspace: Workspace,
  store: TokenStore,
  names: readonly string[],
): Promise<Inspected[]> {
  const wanted = new Set(names.map((name) => ownerCalled(workspace.config, name)));
  const all: Inspected[] = [];
  for (const { owner, name } of ownersWithTokens(workspace.config))
    all.push(await inspectToken(workspace, store, { owner, name }));
  const told = all.map((one) => ({ ...one, problem: one.problem ?? sharedProblem(one, all) }));
  const missing = [...wanted].filter((owner) => !all.some((one) => one.owner === owner));
  return [...told.filter(({ owner }) => wanted.size === 0 || wanted.has(owner)), ...missing.map(noToken)];
}

async function inspectToken(
  { config, ledger, clock }: Workspace,
  store: TokenStore,
  { owner, name }: { readonly owner: OwnerId; readonly name: string },
): Promise<Inspected> {
  const record = ledger.credentials.find(name);
  const nothing = { owner, name, facts: undefined, userId: undefined, expiresAt: undefined };
  try {
    const token = await store.token(name);
    const facts = tokenFacts(token);
    const userId = facts.userId ?? record?.userId;
    const expiresAt = facts.expiresAt ?? (facts.kind === record?.kind ? record.expiresAt : undefined);
    const known = { ...nothing, facts, userId, expiresAt };
    const problem = problemOf(() => {
      lastingToken(token, clock.now());
      const configured = tokenRef(config, owner, 'nomad')?.userId;
      if (configured !== undefined) checkTokenOwner(token, configured, owner);
      for (const one of config.destinations) if (one.kind === 'nomad') refuseAdmin(one.adminUserIds, userId);
      if (expiresAt !== undefined && expiresAt <= clock.now()) throw ended(facts, expiresAt);
    });
    return { ...known, problem };
  } catch (thrown) {
    if (thrown instanceof IngestError) return { ...nothing, problem: thrown };
    throw thrown;
  }
}

function problemOf(judge: () => void): IngestError | undefined {
  try {
    judge();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof IngestError) return thrown;
    throw thrown;
  }
}

function ended({ kind }: TokenFacts, expiresAt: number): IngestError {
  return new IngestError('TOKEN_REJECTED', `the ${KIND_WORDS[kind]} ended on ${utcDay(expiresAt)}`, {
    hint: 'Enrol a new one: nightjar token enrol OWNER --pat.',
  });
}

function sharedProblem(one: Inspected, all: readonly Inspected[]): IngestError | undefined {
  if (one.userId === undefined) return undefined;
  const other = all.find(({ owner, userId }) => owner !== one.owner && userId === one.userId);
  if (other === undefined) return undefined;
  return new IngestError(
    'ACCOUNT_SHARED',
    `it is a token of the same account as that of ${other.owner}: the data of both would land there`,
    { hint: `Enrol a token of ${one.owner}'s own account: nightjar token enrol ${one.owner}.` },
  );
}

function noToken(owner: OwnerId): Inspected {
  const problem = new IngestError('TOKEN_MISSING', `folders.yaml names no token for ${owner}`, {
    hint: `Run: nightjar token enrol ${owner}`,
  });
  return { owner, name: '', facts: undefined, userId: undefined, expiresAt: undefined, problem };
}

function inspectedJson({ owner, name, facts, userId, expiresAt, problem }: Inspected): object {
  return {
    ...{ owner, name, kind: facts?.kind ?? null, generation: facts?.generation ?? null },
    userId: userId ?? null,
    expiresAt: expiresAt ?? null,
    ...(problem === undefined
      ? {}
      : { problem: { code: problem.code, message: problem.message, hint: problem.hint } }),
  };
}

function renderInspected(inspected: readonly Inspected[]): string {
  if (inspected.length === 0) return 'folders.yaml names no token. `nightjar token enrol OWNER` gets one.';
  const rows = inspected.map(({ owner, facts, userId, expiresAt, problem }) => [
    String(owner),
    facts === undefined ? '?' : KIND_WORDS[facts.kind],
    facts?.generation ?? '',
    userId ?? '',
    expiresAt === undefined ? (facts === undefined ? '' : 'does not end') : `until ${utcDay(expiresAt)}`,
    problem === undefined ? 'ok' : problem.code,
  ]);
  const problems = inspected.flatMap(({ owner, problem }) =>
    problem === undefined ? [] : ['', `${owner}: ${problem.message}`, `  → ${problem.hint}`],
  );
  return [...columns([['owner', 'kind', 'generation', 'user id', 'lives', ''], ...rows]), ...problems].join(
    '\n',
  );
}
