import { createHash } from 'node:crypto';
import type { MappingConfig } from '../config/config.ts';
import type { Assign } from '../core/model.ts';
import { type Assigner, createAssigner } from '../ownership/assign-owner.ts';
import type { Circumstances } from '../ownership/circumstances.ts';
import { checkMapping } from './check-mapping.ts';

/** A folder mapping made ready to say whose a file is. */
export type CompiledMapping = {
  readonly mapping: MappingConfig;
  readonly assigner: Assigner;
  readonly assign: Assign;
  /** Whether a rule asks for the uid or gid of files. */
  readonly wantsIds: boolean;
  /** Another mapping has another key. */
  readonly key: string;
};

/** Throws CONFIG_INVALID, naming every problem, for a mapping that makes no sense. */
export function compileMapping(mapping: MappingConfig, around: Circumstances): CompiledMapping {
  checkMapping({ mapping });
  const assigner = createAssigner(mapping, around);
  const key = createHash('sha256').update(JSON.stringify(mapping)).digest('hex').slice(0, 16);
  const wantsIds = mapping.rules.some(
    ({ ownerFrom = [] }) => ownerFrom.includes('uid') || ownerFrom.includes('gid'),
  );
  return {
    mapping,
    assigner,
    wantsIds,
    key,
    assign: (share, path, entry) => assigner.assign(path, { share, entry }),
  };
}
