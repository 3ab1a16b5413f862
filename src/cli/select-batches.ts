import type { Workspace } from '../app/workspace.ts';
import { ERROR_CODES, IngestError } from '../core/errors.ts';
import {
  type BatchId,
  batchId,
  COLLECTOR,
  type DestinationName,
  destinationName,
  type OwnerId,
  ownerId,
} from '../core/ids.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import { type BatchState, DELIVERED_STATES, isDelivered } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { askedPath, seenPath } from './asked-path.ts';
import { isWithin, mayHold } from './find-causes.ts';
import { isOfNight, runsOfNight } from './night-of.ts';
import { parseWhen } from './parse-when.ts';
import { unknownName } from './unknown-name.ts';

/** The options of `requeue` as commander gives them. */
export type Selectors = {
  readonly owner?: string;
  readonly class?: string;
  readonly since?: string;
  readonly path?: string;
  readonly state?: string;
  readonly instrument?: string;
  readonly night?: string;
  readonly destination?: string;
  readonly all?: boolean;
};

/** `skipped`: named by id, and in a state that nothing needs to be put back from. */
export type Selection = {
  readonly batches: readonly BatchHead[];
  readonly skipped: readonly BatchHead[];
  /** Files that a destination refused one by one: they are in no batch, and are planned again once that is forgotten. */
  readonly refused: readonly { readonly share: BatchHead['share']; readonly path: SharePath }[];
  /** Files at the path that are in no batch: a rule holds them, or they have not gone yet. */
  readonly unplanned?: { readonly place: string; readonly files: number };
};

const STATES = ['held', 'rejected', 'delivered'] as const;
const WAITING: readonly BatchState[] = ['held', 'rejected'];

/** The batches that `requeue` is asked for; throws USAGE when nothing is asked for, or something that does not exist. */
export function selectBatches(workspace: Workspace, ids: readonly string[], by: Selectors): Selection {
  requireOne(ids, by);
  const named = ids.map((id) => workspace.ledger.batches.head(idOf(id)));
  const states = statesOf(by.state);
  const { all: everything, ...narrow } = by;
  const narrowing = Object.values(narrow).some((given) => given !== undefined);
  const found = narrowing || everything === true ? findBatches(workspace, by, states) : NOTHING;
  const wanted = named.filter(({ state }) => WAITING.includes(state) || isDelivered(state));
  const batches = new Map<BatchId, BatchHead>([...wanted, ...found.batches].map((head) => [head.id, head]));
  return {
    batches: [...batches.values()],
    skipped: named.filter((head) => !wanted.includes(head)),
    refused: found.refused,
    ...(found.unplanned === undefined ? {} : { unplanned: found.unplanned }),
  };
}

type Found = Pick<Selection, 'batches' | 'refused' | 'unplanned'>;
const NOTHING: Found = { batches: [], refused: [] };

function requireOne(ids: readonly string[], by: Selectors): void {
  if (ids.length > 0 || Object.values(by).some((given) => given !== undefined && given !== false)) return;
  throw new IngestError('USAGE', 'requeue was not told what to put back', {
    hint: 'Name batches, or narrow by --owner, --class, --instrument, --night, --destination, --since, --path or --state; --all means everything held or rejected.',
  });
}

function idOf(text: string): BatchId {
  try {
    return batchId(text);
  } catch {
    throw new IngestError('USAGE', `not a batch id: ${JSON.stringify(text)}`, {
      hint: 'A batch id is b- and 32 hex digits; `nightjar why` and `nightjar status` show them.',
    });
  }
}

function statesOf(state: string | undefined): readonly BatchState[] {
  if (state === undefined) return WAITING;
  const known = STATES.find((name) => name === state);
  if (known === undefined) throw unknownName('state to put back from', state, STATES);
  return known === 'delivered' ? DELIVERED_STATES : [known];
}

function findBatches(workspace: Workspace, by: Selectors, states: readonly BatchState[]): Found {
  const { ledger, clock } = workspace;
  const since = by.since === undefined ? undefined : parseWhen(by.since, clock.now(), 'ago');
  const filter = {
    states,
    ...(by.owner === undefined ? {} : { owner: ownerNamed(workspace, by.owner) }),
    ...(by.class === undefined ? {} : { code: codeNamed(ledger, by.class, states) }),
    ...(since === undefined ? {} : { changedSince: since }),
    ...(by.destination === undefined ? {} : { destination: destinationNamed(workspace, by.destination) }),
    ...(by.instrument === undefined ? {} : { instrument: instrumentNamed(workspace, by.instrument) }),
  };
  const runs = by.night === undefined ? undefined : runsOfNight(workspace, by.night);
  const all = [...ledger.list(filter)].filter((head) => runs === undefined || isOfNight(runs, head));
  if (by.path === undefined) return { batches: all, refused: [] };
  const there = thereAt(workspace, by.path);
  return { ...there, batches: all.filter(({ no }) => there.batches.has(no)) };
}

function ownerNamed({ config, ledger }: Workspace, name: string): OwnerId {
  const { owners } = config.mapping;
  const byAlias = owners.find(({ id, aliases }) => String(id) === name || aliases.includes(name));
  if (byAlias !== undefined) return byAlias.id;
  const names = [...owners.map(({ id }) => String(id)), COLLECTOR];
  // An owner who was taken out of the mapping may still have batches.
  for (const { owner } of ledger.list()) if (String(owner) === name) return owner;
  if (names.includes(name)) return ownerId(name);
  throw unknownName('owner', name, names);
}

/** Configured, or of a batch that was planned when it was. */
function destinationNamed({ config, ledger }: Workspace, name: string): DestinationName {
  const names = new Set([...config.destinations, ...destinationsOf(ledger)].map(({ name }) => String(name)));
  if (!names.has(name)) throw unknownName('destination', name, [...names]);
  return destinationName(name);
}

function* destinationsOf(ledger: Workspace['ledger']): Generator<{ readonly name: DestinationName }> {
  for (const { destination } of ledger.list()) yield { name: destination };
}

function instrumentNamed({ ledger }: Workspace, name: string): string {
  const names = new Set<string>();
  for (const { instrument } of ledger.list()) names.add(instrument);
  if (!names.has(name)) throw unknownName('instrument with a batch', name, [...names]);
  return name;
}

/** In any spelling. Of all codes there are, only those are told that batches have in such a state. */
function codeNamed(ledger: Workspace['ledger'], text: string, states: readonly BatchState[]): string {
  const code = spelled(text);
  const codes = Object.keys(ERROR_CODES);
  if (codes.includes(code)) return code;
  throw unknownName('class of errors', text, codes, classesNow(ledger, states));
}

function classesNow(ledger: Workspace['ledger'], states: readonly BatchState[]): string {
  const heads = [...ledger.list({ states })];
  const now = new Set(heads.flatMap(({ error }) => error?.code ?? []));
  const those = states === WAITING ? 'held or rejected' : states.join(' or ');
  if (now.size > 0) return `Batches that are ${those} have: ${[...now].toSorted().join(', ')}.`;
  return heads.length === 0
    ? `No batch is ${those} now: there is nothing to put back.`
    : `No batch that is ${those} has an error: name them by --owner, --path or their ids.`;
}

export const spelled = (code: string): string => code.toUpperCase().replaceAll('-', '_');

/** The batches that hold a file at or below the path, and its refused files. */
function thereAt(
  { config, ledger }: Workspace,
  text: string,
): Omit<Found, 'batches'> & { readonly batches: ReadonlySet<number> } {
  const { share, path } = seenPath(ledger, askedPath(text, config.shares, process.cwd()));
  const batches = new Set<number>();
  const refused: { share: BatchHead['share']; path: SharePath }[] = [];
  let files = 0;
  for (const known of ledger.looks.all(share.name)) {
    if (!mayHold(known, path)) continue;
    for (const { entry, facts } of known.entries) {
      const at = joinPath(known.dir, entry.name);
      if (!isWithin(at, path)) continue;
      if (facts.batch !== 0) batches.add(facts.batch);
      else if (facts.mark === 'refused') refused.push({ share: share.name, path: at });
      else files += 1;
    }
  }
  return { batches, refused, unplanned: { place: `${share.name}:${path}`, files } };
}
