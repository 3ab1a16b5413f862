import { batchIdOf } from '../batch/batch-id.ts';
import type { Batch, BatchPlan, PlannedFile } from '../core/model.ts';
import { encodeBytes } from '../core/share-path.ts';

/** A batch of only some of its files, in the same place at the destination; undefined for none. */
export function pieceOf(batch: Batch, files: readonly PlannedFile[]): BatchPlan | undefined {
  if (files.length === 0) return undefined;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const cutFrom = batch.addendum ? { cutFrom: batch.cutFrom ?? batch.id } : {};
  const plan: BatchPlan = { ...batch, ...cutFrom, files, bytes };
  return { ...plan, id: batchIdOf(plan) };
}

/** Two batches of as many files each. */
export function halvesOf(batch: Batch): readonly BatchPlan[] {
  const middle = Math.ceil(batch.files.length / 2);
  return [batch.files.slice(0, middle), batch.files.slice(middle)].flatMap(
    (files) => pieceOf(batch, files) ?? [],
  );
}

/** One batch of all the files of some. */
export function joined(pieces: readonly Batch[]): BatchPlan | undefined {
  const [first] = pieces;
  const files = pieces
    .flatMap((piece) => piece.files)
    .toSorted((a, b) => Buffer.compare(encodeBytes(a.path), encodeBytes(b.path)));
  return first === undefined ? undefined : pieceOf(first, files);
}

/**
 * An error's words without what differs between two files or two attempts: names in quotes, paths and numbers. Two
 * halves that fail in the same words fail for the same reason.
 */
export function withoutNames(words: string): string {
  return words
    .replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, '…')
    .replace(/\S*\/\S*/g, '…')
    .replace(/[0-9a-f]*\d[0-9a-f]*/gi, '#');
}
