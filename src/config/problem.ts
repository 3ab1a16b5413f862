export type KeyPath = readonly (string | number)[];

/** What is wrong at a place in one of the two files, before the place has a line number. */
export type Finding = {
  readonly path: KeyPath;
  /** The key itself is wrong, not its value. */
  readonly onKey?: boolean;
  /** What was expected and what was found; never a secret. */
  readonly message: string;
  /** The known key or value that is spelled most alike. */
  readonly nearest?: string;
};

/** What is wrong, where a person finds it. Lines and columns count from 1. */
export type Problem = Finding & {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The path as people write it: `rules[2].match`; empty for the whole file. */
  readonly key: string;
};

/** One line: `folders.yaml:5:3: rules[0].ownr: unknown key ...; did you mean "owner"?` */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const key = problem.key === '' ? '' : ` ${problem.key}:`;
  const nearest = problem.nearest === undefined ? '' : `; did you mean "${problem.nearest}"?`;
  return `${place}:${key} ${problem.message}${nearest}`;
}

export function formatKey(path: KeyPath): string {
  let key = '';
  for (const part of path) {
    if (typeof part === 'number') key += `[${part}]`;
    else key += key === '' ? part : `.${part}`;
  }
  return key;
}
