/**
 * Patterns for files of a dataset: `*` stands for any characters of one name, `?` for one, everything else for
 * itself; capital letters count as small ones, as on the instruments' own computers. A pattern of several names
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

/** A path taken apart once for many patterns: its names, and the same in small letters. */
export type PathNames = { readonly names: readonly string[]; readonly folded: readonly string[] };

export function pathNames(path: string): PathNames {
  const names = path.split('/');
  return { names, folded: names.map(foldCase) };
}

/** Holds a pattern against a path below the dataset's directory. */
export function matchGlob(glob: Glob, path: string | PathNames): GlobMatch | undefined {
  const { names, folded } = typeof path === 'string' ? pathNames(path) : path;
  const above = names.length - glob.segments.length;
  if (above < 0 || (glob.anchored && above > 0)) return undefined;
  const stars: string[] = [];
  // From the end: nearly every pattern and path differ in the last name.
  for (let index = glob.segments.length - 1; index >= 0; index--) {
    const name = { text: names[above + index] ?? '', folded: folded[above + index] ?? '' };
    const found = starsIn(glob.segments[index] ?? [], name);
    if (found === undefined) return undefined;
    stars.unshift(...found);
  }
  return { base: above === 0 ? '' : names.slice(0, above).join('/'), stars };
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

/** Capital letters as small ones; the length stays, so that places in the one are places in the other. */
export function foldCase(text: string): string {
  const small = text.toLowerCase();
  // A few letters have no small form of one unit: then only those of ASCII are folded.
  return small.length === text.length ? small : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
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
function starsIn(pieces: readonly Piece[], name: Exclude<Piece, string>): readonly string[] | undefined {
  if (!endsFit(pieces, name.folded)) return undefined;
  const stars: { start: number; end: number; piece: number }[] = [];
  let [at, index] = [0, 0];
  for (;;) {
    const piece = pieces[index];
    const end = piece === undefined ? -1 : endOf(piece, name.folded, at);
    if (piece === undefined && at === name.text.length)
      return stars.map((star) => name.text.slice(star.start, star.end));
    if (piece === '*') stars.push({ start: at, end: at, piece: index });
    if (end >= 0) {
      [at, index] = [end, index + 1];
      continue;
    }
    const last = stars.at(-1);
    if (last === undefined || last.end >= name.text.length) return undefined;
    last.end += 1;
    [at, index] = [last.end, last.piece + 1];
  }
}

/** A cheap no for most names: the texts that the pattern begins and ends with. */
function endsFit(pieces: readonly Piece[], folded: string): boolean {
  const first = pieces[0];
  const last = pieces.at(-1);
  if (typeof last === 'object' && !folded.endsWith(last.folded)) return false;
  return typeof first !== 'object' || folded.startsWith(first.folded);
}

/** Where a piece ends that begins at a position; -1 when it does not fit there. */
function endOf(piece: Piece, folded: string, at: number): number {
  if (piece === '*') return at;
  if (piece !== '?') return folded.startsWith(piece.folded, at) ? at + piece.folded.length : -1;
  const code = folded.codePointAt(at);
  if (code === undefined) return -1;
  return at + (code > 0xffff ? 2 : 1);
}
