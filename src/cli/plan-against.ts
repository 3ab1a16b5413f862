import { resolve } from 'node:path';
import { compareMappings, type MappingChange } from '../app/compare-mappings.ts';
import { readMapping } from '../app/read-mapping.ts';
import type { Workspace } from '../app/workspace.ts';
import { answer } from './answer.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { lookedAt } from './last-look.ts';
import { mappingChangeJson, renderMappingChange } from './render-mapping-change.ts';

/**
 * What another folder mapping would change, from what the last look at the shares saw; `workspace` must be read-only.
 * Answers the exit code. Throws CONFIG_INVALID when the mapping cannot be read.
 */
export function planAgainst(
  context: CliContext,
  workspace: Workspace,
  options: GlobalOptions & { readonly against: string },
): number {
  const { config, ledger, narrowed } = workspace;
  const next = readMapping(config, { file: resolve(options.against) }, workspace.around);
  const change = compareMappings({ ledger, config, narrowed }, { now: workspace.mapping.current(), next });
  const looks = config.shares.map(({ name }) => lookedAt(ledger, name));
  const json = {
    ...{ format: 1, now: context.clock.now(), against: resolve(options.against) },
    looks: looks.map(({ share, at }) => ({ share, lookedAt: at ?? null })),
    ...mappingChangeJson(change),
  };
  answer(context, options, json, () =>
    [...renderMappingChange(change, { looks, ...context }), '', ...verdict(change)].join('\n'),
  );
  return change.moves.files > 0 ? EXIT.attention : EXIT.done;
}

function verdict({ moves }: MappingChange): string[] {
  const written = 'Nothing was written: this is what would be.';
  return moves.files === 0
    ? ['No delivered data would move: serve and run take such a mapping over by themselves.', written]
    : [
        'Delivered data would belong to somebody else. What is delivered stays where it is;',
        'new versions of it, and files that join it, would go to the new owner.',
        'As folders.yaml it is refused until `nightjar accept-mapping` confirms it.',
        written,
      ];
}
