import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import { count, formatBytes } from '../core/units.ts';
import { utcDay } from '../core/utc.ts';
import type { AcceptedMapping } from '../ledger/mappings.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Circumstances } from '../ownership/circumstances.ts';
import { compareMappings, type MappingChange, type Narrowed } from './compare-mappings.ts';
import { type CompiledMapping, compileMapping } from './compile-mapping.ts';
import { readMapping } from './read-mapping.ts';

/** How folders.yaml, as it is now, stands to the mapping that is in force. */
export type FileStanding =
  | { readonly kind: 'in-force' }
  /** `under-way`: it moves nothing that is delivered, but something of it is being delivered right now. */
  | {
      readonly kind: 'harmless' | 'moves' | 'under-way';
      readonly next: CompiledMapping;
      /** Nothing was ever accepted. */
      readonly isFirst: boolean;
      readonly change: MappingChange;
    }
  | { readonly kind: 'invalid'; readonly error: IngestError };

/** The folder mapping that counts: the accepted one, whatever folders.yaml has become since. */
export type MappingInForce = {
  readonly current: () => CompiledMapping;
  /** Undefined: no mapping was ever accepted. */
  readonly accepted: () => AcceptedMapping | undefined;
  /** How folders.yaml stood when it was last looked at: when this was made, and with `look` and `takeOver`. */
  readonly standing: () => FileStanding;
  /** Reads folders.yaml again. Never throws for what is in it. */
  readonly look: () => FileStanding;
  /**
   * `look`, and a mapping that moves no delivered data is accepted and in force at once. Throws MAPPING_NOT_ACCEPTED when
   * it moves some and there is no accepted one to go on with.
   */
  readonly takeOver: (by: string) => FileStanding;
  /** Takes over what another process has accepted; true when that is another mapping. */
  readonly follow: () => boolean;
};

type Parts = {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly narrowed: Narrowed;
  readonly around: Circumstances;
};

/**
 * With no accepted mapping folders.yaml counts as `config` has it; else the accepted one does, until a change of the
 * file is harmless or a person has accepted it.
 */
export function mappingInForce({ config, ledger, clock, narrowed, around }: Parts): MappingInForce {
  const compiled = (): CompiledMapping => compileMapping(config.mapping, around);
  let accepted = ledger.mappings.newest();
  let base = compiledAccepted(config, accepted, around);
  const onOpening = standingAtFirst();
  let standing = onOpening;
  let current = onOpening.kind === 'harmless' ? onOpening.next : (base ?? compiled());

  function standingAtFirst(): FileStanding {
    if (config.refusedFolders !== undefined) return { kind: 'invalid', error: config.refusedFolders };
    const isSame = config.mapping.text === accepted?.text && base !== undefined;
    return isSame ? { kind: 'in-force' } : judge(compiled());
  }
  function judge(next: CompiledMapping): FileStanding {
    if (next.mapping.text === accepted?.text) return { kind: 'in-force' };
    const change = compareMappings({ ledger, config, narrowed }, { now: base, next });
    return { kind: kindOf(change), next, change, isFirst: accepted === undefined };
  }
  function look(): FileStanding {
    standing = readStanding();
    return standing;
  }
  function readStanding(): FileStanding {
    try {
      return judge(readMapping(config, { file: config.files.folders }, around));
    } catch (thrown) {
      const error = asIngestError(thrown, `read ${config.files.folders}`);
      if (error.code !== 'CONFIG_INVALID') throw error;
      return { kind: 'invalid', error };
    }
  }
  function follow(): boolean {
    if (ledger.mappings.newestNo() === (accepted?.no ?? 0)) return false;
    accepted = ledger.mappings.newest();
    base = compiledAccepted(config, accepted, around) ?? base;
    const before = current.mapping.text;
    current = base ?? current;
    return current.mapping.text !== before;
  }
  function takeOver(by: string): FileStanding {
    return ledger.mappings.deciding(() => {
      follow();
      look();
      if (standing.kind === 'harmless') {
        const { text } = standing.next.mapping;
        ledger.mappings.accept({ at: clock.now(), by, reason: undefined, text });
        accepted = ledger.mappings.newest();
        base = standing.next;
        current = base;
      } else if (base === undefined && standing.kind !== 'in-force') throw refusalOf(standing, config);
      else current = base ?? current;
      return standing;
    });
  }
  return {
    current: () => current,
    accepted: () => accepted,
    standing: () => standing,
    ...{ look, takeOver, follow },
  };
}

function kindOf({ moves, underWay }: MappingChange): 'harmless' | 'moves' | 'under-way' {
  if (moves.files > underWay.files) return 'moves';
  return moves.files === 0 ? 'harmless' : 'under-way';
}

/** The accepted mapping, ready for use; undefined when there is none, or nightjar.yaml has left it without sense. */
function compiledAccepted(
  config: Config,
  accepted: AcceptedMapping | undefined,
  around: Circumstances,
): CompiledMapping | undefined {
  if (accepted === undefined) return undefined;
  if (accepted.text === config.mapping.text) return compileMapping(config.mapping, around);
  const { text, at } = accepted;
  try {
    return readMapping(config, { file: acceptedName(config, at), text }, around);
  } catch (thrown) {
    if (asIngestError(thrown, 'read the accepted mapping').code === 'CONFIG_INVALID') return undefined;
    throw thrown;
  }
}

/** How places in an accepted mapping are called: folders.yaml has other lines by now. */
export const acceptedName = ({ files }: Pick<Config, 'files'>, at: number): string =>
  `${files.folders} (accepted ${utcDay(at)})`;

/** Why folders.yaml is not in force: MAPPING_NOT_ACCEPTED, or CONFIG_INVALID; undefined when nothing is wrong with it. */
export function refusalOf(standing: FileStanding, { files }: Pick<Config, 'files'>): IngestError | undefined {
  if (standing.kind === 'invalid') return standing.error;
  if (standing.kind !== 'moves' && standing.kind !== 'under-way') return undefined;
  const { moves } = standing.change;
  const much = `${count(moves.files, 'delivered file')} (${formatBytes(moves.bytes)})`;
  return new IngestError('MAPPING_NOT_ACCEPTED', `${files.folders} would give ${much} to somebody else`, {
    hint: 'The mapping accepted before stays in force. `nightjar accept-mapping` shows what would move, and asks; or undo the change.',
    context: { files: moves.files, bytes: moves.bytes },
  });
}
