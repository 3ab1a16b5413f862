/**
 * Patterns for files of a dataset: `*` stands for any characters of one name, `?` for one, everything else for
 * itself; capital letters A–Z count as small ones, as on the instruments' own computers. A pattern of several names
 * ("Data/*.mrc") is held against the last names of a path; one that begins with '/' against the whole path.
 */
export type Glob = {
  readonly text: string;
  readonly anchored: boolean;
  readonly segments: readonly (readonly Piece[])[];
};

type Piece = '*' | '?' | { readonly text: string; readonly folded: string };

/** Where a pattern matched: the directory above the matched names ('' = none), and what each `*` stood for. */
export type GlobMatch = { readonly base: string; readonly stars: readonly string[] };

/** Throws RangeError saying what is wrong with the pattern. */
export function parseGlob(text: string): Glob {
  const anchored = text.startsWith('/');
  const names = (anchored ? text.slice(1) : text).split('/');
  if (names.includes(''))
    throw new RangeError('it has an empty name: nothing, or two / in a row, or a / at the end');
  if (names.some((name) => name === '.' || name === '..'))
    throw new RangeError("'.' and '..' are no names of files");
  if (names.some((name) => name.includes('**')))
    throw new RangeError("'**' means nothing here: a name alone is found at any depth");
  return { text, anchored, segments: names.map(piecesOf) };
}

/** Holds a pattern against a path below the dataset's directory. */
export function matchGlob(glob: Glob, path: string): GlobMatch | undefined {
  const names = path.split('/');
  const above = names.length - glob.segments.length;
  if (above < 0 || (glob.anchored && above > 0)) return undefined;
  const stars: string[] = [];
  for (const [index, pieces] of glob.segments.entries()) {
    const found = starsIn(pieces, names[above + index] ?? '');
    if (found === undefined) return undefined;
    stars.push(...found);
  }
  return { base: names.slice(0, above).join('/'), stars };
}

/** The pattern with its first `*` replaced by what they stood for elsewhere; further ones stay. */
export function fillGlob(glob: Glob, stars: readonly string[]): Glob {
  let used = 0;
  const segments = glob.segments.map((pieces) =>
    pieces.map((piece): Piece => {
      const star = piece === '*' ? stars[used] : undefined;
      if (star === undefined) return piece;
      used += 1;
      return literal(star);
    }),
  );
  return { anchored: glob.anchored, segments, text: textOf(segments) };
}

/** The one path that a pattern stands for, folded; undefined when it has wildcards. */
export function exactPath({ segments }: Glob): string | undefined {
  if (segments.flat().some((piece) => typeof piece === 'string')) return undefined;
  return foldCase(textOf(segments));
}

/** Capital letters of ASCII as small ones; the length stays. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function piecesOf(name: string): readonly Piece[] {
  return (name.match(/[*?]|[^*?]+/gu) ?? []).map((piece) =>
    piece === '*' || piece === '?' ? piece : literal(piece),
  );
}

const literal = (text: string): Piece => ({ text, folded: foldCase(text) });

const textOf = (segments: Glob['segments']): string =>
  segments
    .map((pieces) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join(''))
    .join('/');

/**
 * What each `*` of one name stands for, each as short as it can be; undefined when the name does not match. Only the
 * last `*` is ever tried again, so strange names cost no more than their length times the pattern's.
 */
function starsIn(pieces: readonly Piece[], name: string): readonly string[] | undefined {
  const folded = foldCase(name);
  const stars: { start: number; end: number; piece: number }[] = [];
  let [at, index] = [0, 0];
  for (;;) {
    const piece = pieces[index];
    const end = piece === undefined ? -1 : endOf(piece, folded, at);
    if (piece === undefined && at === name.length)
      return stars.map((star) => name.slice(star.start, star.end));
    if (piece === '*') stars.push({ start: at, end: at, piece: index });
    if (end >= 0) {
      [at, index] = [end, index + 1];
      continue;
    }
    const last = stars.at(-1);
    if (last === undefined || last.end >= name.length) return undefined;
    last.end += 1;
    [at, index] = [last.end, last.piece + 1];
  }
}

/** Where a piece ends that begins at a position; -1 when it does not fit there. */
function endOf(piece: Piece, folded: string, at: number): number {
  if (piece === '*') return at;
  if (piece !== '?') return folded.startsWith(piece.folded, at) ? at + piece.folded.length : -1;
  const code = folded.codePointAt(at);
  if (code === undefined) return -1;
  return at + (code > 0xffff ? 2 : 1);
}
