import { IngestError } from '../core/errors.ts';
import { matchesSegment, type Token } from './match-segment.ts';

/** Answers with the pattern by which a file is ignored, or undefined. */
export type IgnoreFiles = {
  /** By a pattern on directories, which counts for all files in one. */
  readonly byDirectory: (segments: readonly string[]) => string | undefined;
  /** By any other pattern. */
  readonly byName: (segments: readonly string[]) => string | undefined;
};

/** One step of a path pattern: a segment, or any number of directories. */
type Step = readonly Token[] | '**';
type PathPattern = { readonly text: string; readonly steps: readonly Step[] };

/**
 * Three kinds of pattern, with `*` and `?` as in rules and everything else standing for itself: a name without '/'
 * counts for files of that name anywhere; `name/` for all below directories of that name anywhere; any other is a
 * path from the share's root, where `**` is any number of directories. Throws CONFIG_INVALID for an empty pattern.
 */
export function createIgnoreFiles(patterns: readonly string[]): IgnoreFiles {
  const exact = new Set<string>();
  const names: { text: string; tokens: readonly Token[] }[] = [];
  const directories: PathPattern[] = [];
  const paths: PathPattern[] = [];
  for (const text of patterns) {
    const steps = stepsOf(text);
    const only = steps.length === 1 ? steps[0] : undefined;
    if (only === undefined || text.includes('/') || only === '**')
      (steps.at(-1) === '**' ? directories : paths).push({ text, steps });
    else if (only.length === 1 && only[0]?.kind === 'literal') exact.add(text);
    else names.push({ text, tokens: only });
  }
  return {
    byDirectory: (segments) => directories.find(({ steps }) => matchesPath(steps, segments))?.text,
    byName: (segments) => {
      const name = segments.at(-1) ?? '';
      if (exact.has(name)) return name;
      const byName = names.find(({ tokens }) => matchesSegment(tokens, name));
      return (byName ?? paths.find(({ steps }) => matchesPath(steps, segments)))?.text;
    },
  };
}

function stepsOf(text: string): readonly Step[] {
  const parts = text.replace(/^\//, '').split('/');
  if (parts.at(-1) === '') parts[parts.length - 1] = '**';
  if (/^[^/]+\/$/.test(text)) parts.unshift('**');
  if (text === '' || text === '/' || parts.includes(''))
    throw new IngestError('CONFIG_INVALID', `read the ignore pattern '${text}': it has an empty part`, {
      hint: "Write a file name ('*.tmp'), a directory name with '/' behind it, or a path from the share's root.",
    });
  return parts.map((part) => (part === '**' ? part : tokensOf(part)));
}

function tokensOf(part: string): readonly Token[] {
  return (part.match(/\*+|\?|[^*?]+/gu) ?? []).map((piece): Token => {
    if (piece.startsWith('*')) return { kind: 'any' };
    return piece === '?' ? { kind: 'one' } : { kind: 'literal', text: piece };
  });
}

/** `reached` holds the numbers of segments that the steps so far can have used up. */
function matchesPath(steps: readonly Step[], segments: readonly string[]): boolean {
  let reached = new Set([0]);
  for (const [index, step] of steps.entries()) {
    const next = new Set<number>();
    for (const at of reached) {
      // The last `**` is files below, so it needs one segment: `a/**` is not the file `a`.
      if (step === '**') addFrom(next, index === steps.length - 1 ? at + 1 : at, segments.length);
      else if (at < segments.length && matchesSegment(step, segments[at] ?? '')) next.add(at + 1);
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(segments.length);
}

function addFrom(reached: Set<number>, from: number, to: number): void {
  for (let at = from; at <= to; at++) {
    if (reached.has(at)) return;
    reached.add(at);
  }
}
