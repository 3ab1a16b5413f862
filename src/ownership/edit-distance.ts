/**
 * The fewest single changes (insert, delete, replace, swap two neighbours) that turn one text into the other, no place
 * changed twice; any number above `most` when more than that are needed. A swap is one slip of the finger: it is one.
 */
export function editDistance(left: string, right: string, most: number): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = nextRow(left, right, row, { last, beforeLast });
    if (Math.min(...current) > most) return most + 1;
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

type Rows = { readonly last: readonly number[]; readonly beforeLast: readonly number[] };

function nextRow(left: string, right: string, row: number, { last, beforeLast }: Rows): readonly number[] {
  const current = [row];
  for (let column = 1; column <= right.length; column++) {
    const same = left[row - 1] === right[column - 1];
    const swapped =
      row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
    const replaced = at(last, column - 1) + (same ? 0 : 1);
    const best = Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced);
    current.push(swapped ? Math.min(best, at(beforeLast, column - 2) + 1) : best);
  }
  return current;
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
