import type { Workspace } from '../app/workspace.ts';
import { IngestError } from '../core/errors.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { unknownName } from './unknown-name.ts';

const HOLD_KINDS = ['owner', 'instrument', 'destination'] as const;
type HoldKind = (typeof HOLD_KINDS)[number];

export type PauseTarget = { readonly kind: HoldKind; readonly name: string };

/** What `hold` is to stop; throws USAGE, with the nearest known name, for what does not exist. */
export function pauseTarget(
  { config, ledger }: Pick<Workspace, 'config' | 'ledger'>,
  kindText: string,
  name: string,
): PauseTarget {
  const kind = HOLD_KINDS.find((known) => known === kindText);
  switch (kind) {
    case undefined:
      throw unknownKind(kindText, HOLD_KINDS);
    case 'owner':
      return { kind, name: ownerNamed(config, name) };
    case 'destination':
      return {
        kind,
        name: known(
          'destination',
          name,
          config.destinations.map(({ name }) => name),
        ),
      };
    case 'instrument':
      return { kind, name: instrumentNamed(config, ledger, name) };
  }
}

export function unknownKind(text: string, kinds: readonly string[]): IngestError {
  return new IngestError('USAGE', `not something deliveries can be held for: ${JSON.stringify(text)}`, {
    hint: `Name one of ${kinds.join(', ')}, then its name: nightjar hold owner mueller --reason "…".`,
  });
}

/** The owner's id; an alias means its owner. */
function ownerNamed({ mapping }: Workspace['config'], name: string): string {
  const byAlias = mapping.owners.find(({ aliases }) => aliases.includes(name));
  if (byAlias !== undefined) return byAlias.id;
  const names = mapping.owners.flatMap(({ id, aliases }) => [String(id), ...aliases]);
  return known('owner', name, [...names, COLLECTOR]);
}

/** Instruments are directories: those that rules name, and those that runs have seen. */
function instrumentNamed(config: Workspace['config'], ledger: Ledger, name: string): string {
  const { rules } = config.mapping;
  const named = rules.flatMap(({ instruments, match }) => instruments ?? literalFirst(match));
  const seen = ledger.runs.latest(RUNS_READ).flatMap(({ report }) => instrumentsOf(report));
  const anyGoes = seen.length === 0 && rules.some(({ match }) => /^\{instrument[:}]/.test(match));
  return anyGoes ? name : known('instrument', name, [...new Set([...named, ...seen])].sort());
}

const RUNS_READ = 30;

function literalFirst(match: string): string[] {
  const first = match.split('/')[0] ?? '';
  return first === '' || /[{}*?]/.test(first) ? [] : [first];
}

function instrumentsOf(report: string | undefined): string[] {
  const parsed: unknown = report === undefined ? undefined : JSON.parse(report);
  if (typeof parsed !== 'object' || parsed === null || !('instruments' in parsed)) return [];
  return Object.keys(parsed.instruments ?? {});
}

function known(what: string, name: string, names: readonly string[]): string {
  if (names.includes(name)) return name;
  throw unknownName(what, name, names);
}
