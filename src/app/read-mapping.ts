import type { Config } from '../config/config.ts';
import type { FoldersSource } from '../config/find-files.ts';
import { rereadMapping } from '../config/reread-mapping.ts';
import { IngestError } from '../core/errors.ts';
import type { Circumstances } from '../ownership/circumstances.ts';
import { type CompiledMapping, compileMapping } from './compile-mapping.ts';

/** A folder mapping from a file or a text, ready for use; throws CONFIG_INVALID with every problem. */
export function readMapping(config: Config, source: FoldersSource, around: Circumstances): CompiledMapping {
  const result = rereadMapping(config, source);
  if (result.ok) return compileMapping(result.mapping, around);
  const { problems, hint } = result;
  throw new IngestError('CONFIG_INVALID', `the folder mapping cannot be used:\n${problems.join('\n')}`, {
    hint,
    context: { problems },
  });
}
