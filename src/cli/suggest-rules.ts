import { compileMapping } from '../app/compile-mapping.ts';
import type { Workspace } from '../app/workspace.ts';
import type { MappingConfig, RuleConfig } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import type { OwnerId } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Circumstances } from '../ownership/circumstances.ts';

/** A place whose files should be an owner's from now on: a directory, or one file. */
export type Place = {
  readonly path: SharePath;
  readonly isFile: boolean;
  readonly samples: readonly SharePath[];
};

/**
 * Lines for the top of `rules:` in folders.yaml that give these places to the owner. A line that would not, or that the
 * mapping would refuse, is left out.
 */
export function suggestRules(
  { mapping, around }: Workspace,
  owner: OwnerId,
  places: readonly Place[],
): string[] {
  return places.flatMap((place) => {
    const match = templateOf(place);
    if (match === undefined || !works(mapping.current().mapping, around, { match, owner, place })) return [];
    return [`- { match: ${JSON.stringify(match)}, owner: ${owner} }`];
  });
}

/** The path itself; what means something in a template is matched by `?`. The root would be everything. */
function templateOf({ path, isFile }: Place): string | undefined {
  if (path === '') return undefined;
  const literal = path.replace(/[{}*?\\]|[\udc80-\udcff]/gu, '?');
  return isFile ? literal : `${literal}/**`;
}

function works(
  mapping: MappingConfig,
  around: Circumstances,
  { match, owner, place }: { readonly match: string; readonly owner: OwnerId; readonly place: Place },
): boolean {
  const rule: RuleConfig = {
    ...{ id: 'the suggested rule', at: 'folders.yaml', match, owner },
    ...{ compress: false, withoutToken: 'hold', agree: false },
  };
  try {
    const { assigner } = compileMapping({ ...mapping, rules: [rule, ...mapping.rules] }, around);
    return place.samples.every((path) => {
      const assignment = assigner.assign(path);
      return assignment.kind === 'owned' && assignment.owner === owner;
    });
  } catch (thrown) {
    if (thrown instanceof IngestError && thrown.code === 'CONFIG_INVALID') return false;
    throw thrown;
  }
}
