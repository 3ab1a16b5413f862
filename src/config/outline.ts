import { normalPath } from './fields.ts';
import type { KeyPath } from './problem.ts';
import { isMapping, type RawMapping, valueAt } from './raw-value.ts';

/**
 * What the cross-checks look at, taken from the raw values: so they can speak even while other parts of the same
 * file are wrong. Anything of the wrong type is left out here; `decode` reports it.
 */
export type Outline = {
  readonly stateDir: Place;
  readonly shares: readonly Place[];
  /** Undefined when nightjar.yaml could not be read: nothing can be said about destinations then. */
  readonly destinations: readonly DestinationLine[] | undefined;
  readonly defaultDestination: string | undefined;
  readonly retry: RawMapping;
  readonly rules: readonly RuleLine[];
  /** Undefined when folders.yaml could not be read. */
  readonly owners: readonly OwnerLine[] | undefined;
  readonly collectorToken: string | undefined;
  readonly uids: readonly NumberLine[];
  readonly gids: readonly NumberLine[];
  readonly hasResolver: boolean;
  /** Names of the tables of folders.yaml. */
  readonly tables: readonly string[];
};

export type Place = { readonly name: string; readonly dir: string | undefined; readonly path: KeyPath };
type DestinationLine = Place & { readonly kind: string | undefined; readonly publish: string | undefined };
export type OwnerLine = {
  readonly id: string;
  readonly aliases: readonly { readonly text: string; readonly path: KeyPath }[];
  readonly token: string | undefined;
  readonly successor: string | undefined;
  readonly path: KeyPath;
};
export type RuleLine = {
  /** Counts from 1. */
  readonly number: number;
  readonly path: KeyPath;
  readonly name: string | undefined;
  readonly match: string | undefined;
  readonly instruments: readonly string[] | undefined;
  readonly owner: string | undefined;
  readonly destination: string | undefined;
  readonly recipe: string | undefined;
  /** As it stands there. */
  readonly complete: unknown;
  readonly pack: string | undefined;
  readonly hasMetadata: boolean;
  readonly publishes: boolean;
  readonly compresses: boolean;
  readonly holds: boolean;
  readonly excludes: boolean;
  /** Undefined: the key is not there. */
  readonly ownerFrom: readonly string[] | undefined;
  readonly hasSidecar: boolean;
  /** By part: the name of the table. */
  readonly translate: RawMapping;
};

/** `stateDir` is the one that counts, given or default. A file that could not be read is undefined. */
export function outline(nightjar: unknown, folders: unknown, stateDir: string): Outline {
  const destinations = blocks(nightjar, 'destinations').map(([name, block]) => ({
    name,
    kind: textOf(block['kind']),
    publish: textOf(block['publish']),
    dir: directoryOf(block['root']),
    path: ['destinations', name, 'root'],
  }));
  return {
    stateDir: { name: 'the state directory', dir: normalPath(stateDir), path: ['state_dir'] },
    shares: blocks(nightjar, 'shares').map(([name, block]) => ({
      name,
      dir: directoryOf(block['root']),
      path: ['shares', name, 'root'],
    })),
    destinations: nightjar === undefined ? undefined : destinations,
    defaultDestination: textOf(valueAt(nightjar, ['default_destination'])),
    retry: mappingOf(valueAt(nightjar, ['deliveries'])),
    rules: listOf(valueAt(folders, ['rules'])).map((rule, index) => ruleLine(mappingOf(rule), index)),
    owners: folders === undefined ? undefined : blocks(folders, 'owners').map(ownerLine),
    uids: numberLines(folders, 'uids'),
    gids: numberLines(folders, 'gids'),
    hasResolver: valueAt(folders, ['resolver']) !== undefined,
    tables: Object.keys(mappingOf(valueAt(folders, ['tables']))),
    collectorToken: textOf(valueAt(folders, ['collector', 'nomad', 'token'])),
  };
}

type NumberLine = { readonly number: string; readonly owner: string };

const numberLines = (folders: unknown, table: string): readonly NumberLine[] =>
  Object.entries(mappingOf(valueAt(folders, [table]))).flatMap(([number, owner]) =>
    typeof owner === 'string' ? [{ number, owner }] : [],
  );

function ruleLine(rule: RawMapping, index: number): RuleLine {
  return {
    number: index + 1,
    path: ['rules', index],
    name: textOf(rule['name']),
    match: textOf(rule['match']),
    instruments: Array.isArray(rule['instruments']) ? textsOf(rule['instruments']) : undefined,
    owner: textOf(rule['owner']),
    destination: textOf(rule['destination']),
    recipe: textOf(rule['recipe']),
    complete: rule['complete'],
    pack: textOf(rule['pack']),
    hasMetadata: rule['metadata'] !== undefined,
    publishes: rule['publish'] === true,
    compresses: rule['compress'] === true,
    holds: rule['hold'] !== undefined,
    excludes: rule['exclude'] !== undefined,
    ownerFrom: Array.isArray(rule['owner_from']) ? textsOf(rule['owner_from']) : undefined,
    hasSidecar: rule['sidecar'] !== undefined,
    translate: mappingOf(rule['translate']),
  };
}

function ownerLine([id, owner]: readonly [string, RawMapping]): OwnerLine {
  const aliases = listOf(owner['aliases']).flatMap((alias, index) => {
    const text = textOf(alias);
    return text === undefined ? [] : [{ text, path: ['owners', id, 'aliases', index] }];
  });
  const [token, successor] = [valueAt(owner, ['nomad', 'token']), valueAt(owner, ['leaves', 'successor'])];
  return { id, aliases, token: textOf(token), successor: textOf(successor), path: ['owners', id] };
}

const blocks = (file: unknown, key: string): [string, RawMapping][] =>
  Object.entries(mappingOf(valueAt(file, [key]))).map(([name, block]) => [name, mappingOf(block)]);

const mappingOf = (value: unknown): RawMapping => (isMapping(value) ? value : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const textsOf = (values: readonly unknown[]): string[] => values.filter((value) => typeof value === 'string');
const directoryOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('/') ? normalPath(value) : undefined;
