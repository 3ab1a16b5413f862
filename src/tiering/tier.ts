import type { PlannedFile } from '../core/model.ts';

/** Storage tiers around a delivery: files on tape come back before it and may go again after it. */
export interface Tier {
  /** Resolves when every file is on disk; RECALL problems are IngestErrors of disposition retry. */
  recall(files: readonly PlannedFile[], signal: AbortSignal): Promise<void>;
}
