/** A pattern taken apart. `negated`: every character but these. */
export type PatternNode =
  | { readonly kind: 'char'; readonly ranges: readonly Range[]; readonly negated: boolean }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly least: number; readonly most: number };

type Range = readonly [from: number, to: number];

/** The text and how far it has been read. */
type Reader = { readonly chars: readonly string[]; readonly source: string; at: number };

const MOST_TIMES = 64;

const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: [[48, 57]],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  s: [
    [9, 13],
    [32, 32],
    [160, 160],
  ],
};

/**
 * Reads a regular expression: characters, `.`, `[a-z]`, `[^a-z]`, `\d \w \s` and their capitals, groups, `|`, and
 * `* + ? {n} {n,} {n,m}`. Throws RangeError for all else, saying what.
 */
export function parsePattern(source: string): PatternNode {
  if (source === '') throw new RangeError('the pattern // is empty');
  const reader: Reader = { chars: Array.from(source), source, at: 0 };
  const node = readChoice(reader);
  if (reader.at < reader.chars.length) throw wrong(reader, "')' without its '('");
  return node;
}

function wrong({ source }: Reader, what: string): RangeError {
  return new RangeError(`the pattern /${source}/: ${what}`);
}

function readChoice(reader: Reader): PatternNode {
  const options = [readSequence(reader)];
  while (reader.chars[reader.at] === '|') {
    reader.at += 1;
    options.push(readSequence(reader));
  }
  return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
}

function readSequence(reader: Reader): PatternNode {
  const items: PatternNode[] = [];
  for (let char = reader.chars[reader.at]; char !== undefined; char = reader.chars[reader.at]) {
    if (char === '|' || char === ')') break;
    items.push(readRepeated(reader));
  }
  return { kind: 'sequence', items };
}

function readRepeated(reader: Reader): PatternNode {
  const item = readItem(reader);
  const times = readTimes(reader);
  if (times === undefined) return item;
  if (['*', '+', '?', '{'].includes(reader.chars[reader.at] ?? ''))
    throw wrong(reader, 'one repeat behind another is not supported (nor are lazy ones: leave the ? out)');
  return { kind: 'repeat', item, ...times };
}

function readTimes(reader: Reader): { readonly least: number; readonly most: number } | undefined {
  const char = reader.chars[reader.at];
  if (char === '{') return readCounts(reader);
  if (char !== '*' && char !== '+' && char !== '?') return undefined;
  reader.at += 1;
  return { least: char === '+' ? 1 : 0, most: char === '?' ? 1 : Infinity };
}

function readCounts(reader: Reader): { readonly least: number; readonly most: number } {
  const counts = /^\{(\d{1,3})(,?)(\d{0,3})\}/.exec(reader.chars.slice(reader.at, reader.at + 10).join(''));
  if (counts === null) throw wrong(reader, "'{' is expected to begin a repeat such as {2} or {2,4}");
  const [text, first, comma, last] = counts;
  const least = Number(first);
  const most = comma === '' ? least : last === '' ? Infinity : Number(last);
  if (least > MOST_TIMES || (most !== Infinity && most > MOST_TIMES))
    throw wrong(reader, `a repeat of more than ${MOST_TIMES} times`);
  if (most < least) throw wrong(reader, `'${text}' ends before it begins`);
  reader.at += text.length;
  return { least, most };
}

function readItem(reader: Reader): PatternNode {
  const char = reader.chars[reader.at] ?? '';
  reader.at += 1;
  if (char === '(') return readGroup(reader);
  if (char === '[') return readSet(reader);
  if (char === '\\') return readEscape(reader);
  if (char === '.') return { kind: 'char', ranges: [], negated: true };
  if (char === '^' || char === '$')
    throw wrong(reader, `'${char}' is not needed: the pattern stands for the whole text of the part`);
  if ('*+?{}]'.includes(char)) throw wrong(reader, `'${char}' has nothing before it to repeat or to close`);
  return { kind: 'char', ranges: [rangeOf(char)], negated: false };
}

function readGroup(reader: Reader): PatternNode {
  if (reader.chars[reader.at] === '?') {
    if (reader.chars[reader.at + 1] !== ':') throw wrong(reader, "'(?' is only supported as '(?:'");
    reader.at += 2;
  }
  const node = readChoice(reader);
  if (reader.chars[reader.at] !== ')') throw wrong(reader, "'(' without its ')'");
  reader.at += 1;
  return node;
}

function readEscape(reader: Reader): PatternNode {
  const { ranges, negated } = escaped(reader);
  return { kind: 'char', ranges, negated };
}

/** What stands behind a backslash, which has been read. */
function escaped(reader: Reader): { readonly ranges: readonly Range[]; readonly negated: boolean } {
  const char = reader.chars[reader.at];
  if (char === undefined) throw wrong(reader, "'\\' at its end");
  reader.at += 1;
  const known = CLASSES[char.toLowerCase()];
  if (known !== undefined) return { ranges: known, negated: char !== char.toLowerCase() };
  if (/[\p{L}\p{N}]/u.test(char)) throw wrong(reader, `'\\${char}' is not supported`);
  return { ranges: [rangeOf(char)], negated: false };
}

function readSet(reader: Reader): PatternNode {
  const negated = reader.chars[reader.at] === '^';
  if (negated) reader.at += 1;
  const ranges: Range[] = [];
  for (let char = reader.chars[reader.at]; char !== ']'; char = reader.chars[reader.at]) {
    if (char === undefined) throw wrong(reader, "'[' without its ']'");
    ranges.push(...readMember(reader));
  }
  reader.at += 1;
  if (ranges.length === 0) throw wrong(reader, "'[]' holds nothing");
  return { kind: 'char', ranges, negated };
}

function readMember(reader: Reader): readonly Range[] {
  const first = readSetChar(reader);
  const isRange = reader.chars[reader.at] === '-' && reader.chars[reader.at + 1] !== ']';
  if (!isRange) return first;
  reader.at += 1;
  const last = readSetChar(reader);
  const [from, to] = [first[0]?.[0] ?? 0, last[0]?.[1] ?? 0];
  if (first.length !== 1 || last.length !== 1 || from > to)
    throw wrong(reader, 'a range that makes no sense');
  return [[from, to]];
}

function readSetChar(reader: Reader): readonly Range[] {
  const char = reader.chars[reader.at] ?? '';
  reader.at += 1;
  if (char !== '\\') return [rangeOf(char)];
  const { ranges, negated } = escaped(reader);
  if (negated) throw wrong(reader, 'a capital class such as \\D within [ ]');
  return ranges;
}

function rangeOf(char: string): Range {
  const code = char.codePointAt(0) ?? 0;
  return [code, code];
}
