import type { MappingConfig } from '../config/config.ts';
import type { Assign } from '../core/model.ts';
import { type Assigner, createAssigner } from '../ownership/assign-owner.ts';
import { checkMapping } from './check-mapping.ts';

/** A folder mapping made ready to say whose a file is. */
export type CompiledMapping = {
  readonly mapping: MappingConfig;
  readonly assigner: Assigner;
  readonly assign: Assign;
};

/** Throws CONFIG_INVALID, naming every problem, for a mapping that makes no sense. */
export function compileMapping(mapping: MappingConfig): CompiledMapping {
  checkMapping({ mapping });
  const assigner = createAssigner(mapping);
  return { mapping, assigner, assign: (_share, path) => assigner.assign(path) };
}
