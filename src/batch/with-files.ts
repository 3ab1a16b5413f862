import type { BatchPlan, PlannedFile } from '../core/model.ts';
import { batchIdOf } from './batch-id.ts';
import { comparePaths } from './compare-paths.ts';

/** The same work for these files: in the order of a batch, with what they amount to and the id that they make. */
export function withFiles(batch: Omit<BatchPlan, 'id'>, files: readonly PlannedFile[]): BatchPlan {
  const sorted = files.toSorted((a, b) => comparePaths(a.path, b.path));
  const plan = { ...batch, files: sorted, bytes: sorted.reduce((sum, { size }) => sum + size, 0) };
  return { ...plan, id: batchIdOf(plan) };
}
