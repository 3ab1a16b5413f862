import { withFiles } from '../batch/with-files.ts';
import type { Batch, BatchPlan, PlannedFile } from '../core/model.ts';

/** A batch of only some of its files, in the same place at the destination; undefined for none. */
export function pieceOf(batch: Batch, files: readonly PlannedFile[]): BatchPlan | undefined {
  if (files.length === 0) return undefined;
  const cutFrom = batch.addendum ? { cutFrom: batch.cutFrom ?? batch.id } : {};
  return withFiles({ ...batch, ...cutFrom }, files);
}

/** Two batches of as many files each. */
export function halvesOf(batch: Batch): readonly BatchPlan[] {
  const middle = Math.ceil(batch.files.length / 2);
  return [batch.files.slice(0, middle), batch.files.slice(middle)].flatMap(
    (files) => pieceOf(batch, files) ?? [],
  );
}

/** What was cut, in one batch again. */
export function wholeOf(pieces: readonly Batch[]): BatchPlan | undefined {
  const [first] = pieces;
  if (first === undefined) return undefined;
  return pieceOf(
    first,
    pieces.flatMap(({ files }) => files),
  );
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
