import { asIngestError, type ErrorCode, type IngestError } from '../../core/errors.ts';
import { printable } from '../../core/share-path.ts';

/** One thing that `check` looked at: a sentence, and the cure where it is not well. */
export type Finding = {
  /** "share lab", "redis". */
  readonly about: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly message: string;
  readonly cure?: string;
  /** Of docs/errors.md, where it is one of them. */
  readonly code?: ErrorCode;
};

export const ok = (about: string, message: string): Finding => ({ about, level: 'ok', message });

export const warning = (about: string, message: string, cure: string): Finding => ({
  ...{ about, message, cure },
  level: 'warning',
});

export const problem = (about: string, message: string, cure: string): Finding => ({
  ...{ about, message, cure },
  level: 'problem',
});

/** An error as a problem: its hint is the cure. */
export const problemOf = (about: string, { message, hint, code }: IngestError): Finding => ({
  ...problem(about, message, hint),
  code,
});

/** What `look` found; what it throws is a problem with the error's own hint. */
export async function findingOf(about: string, look: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (thrown) {
    const finding = problemOf(about, asIngestError(thrown, `check ${about}`));
    return { ...finding, message: printable(finding.message) };
  }
}
