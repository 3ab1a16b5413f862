import { type Decoded, decode } from './decode.ts';
import type { JsonSchema } from './json-schema.ts';
import { type Finding, formatKey, type Problem } from './problem.ts';
import type { Source } from './read-source.ts';

/** What a file says by its schema; undefined when the file could not be read. */
export function checkAgainst<T>(
  schema: Parameters<typeof decode<T>>[0],
  json: () => JsonSchema,
  { source }: Source,
): Decoded<T> | undefined {
  return source === undefined ? undefined : decode(schema, json, source.value);
}

export const findingsOf = (decoded: Decoded<unknown> | undefined): readonly Finding[] =>
  decoded === undefined || decoded.ok ? [] : decoded.findings;

/** What the reader said, and the findings with their places, in the order in which they stand in the file. */
export function problemsOf(
  file: string,
  { source, problems }: Source,
  findings: readonly Finding[],
): Problem[] {
  const located = findings.map((finding) => ({
    ...finding,
    file,
    key: formatKey(finding.path),
    ...(source?.positionOf(finding.path, finding.onKey) ?? { line: 1, column: 1 }),
  }));
  return [...problems, ...located.sort((one, other) => one.line - other.line || one.column - other.column)];
}
