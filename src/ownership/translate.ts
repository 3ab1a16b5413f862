import { fold } from './fold.ts';

/** Turns the text of a part into what it stands for; a text that is not in the table stays as it is. */
export type Translate = (text: string) => string;

/** Exactly first, else by a name that differs only in letter case or Unicode form. Throws RangeError for twins. */
export function translator(entries: Readonly<Record<string, string>>): Translate {
  const exact = new Map(Object.entries(entries));
  const folded = new Map<string, string>();
  for (const [from, to] of exact) {
    const twin = folded.get(fold(from));
    if (twin !== undefined && twin !== to)
      throw new RangeError(`'${from}' is there twice, in other letter case, with different values`);
    folded.set(fold(from), to);
  }
  return (text) => exact.get(text) ?? folded.get(fold(text)) ?? text;
}
