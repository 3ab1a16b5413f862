import type { SharePath } from './share-path.ts';

/** What a rule asks of a dataset before any of it goes. Patterns are those of core/glob.ts. */
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  /** A file like this is there. */
  | { readonly kind: 'marker'; readonly files: string }
  /** Each file has its companions; a file counts for the first pattern that matches it. */
  | { readonly kind: 'companions'; readonly pairs: readonly Companions[] }
  /** No such file is smaller; a file counts for the first pattern that matches it. */
  | {
      readonly kind: 'min-size';
      readonly sizes: readonly { readonly files: string; readonly bytes: number }[];
    }
  /** At least so many files are there; a text is a part of the rule's template that has the number. */
  | { readonly kind: 'count'; readonly files: string; readonly least: number | string }
  /** No file like these is there. */
  | { readonly kind: 'absent'; readonly files: readonly string[] }
  /** No file has a name that programs of these kinds use while they write. */
  | { readonly kind: 'temp-names'; readonly families: readonly TempFamily[] }
  /** No such file is open in another program, as far as opening it tells. */
  | { readonly kind: 'closed'; readonly files: readonly string[] };

export type Companions = { readonly every: string; readonly has: readonly string[] };

export const TEMP_FAMILIES = ['rsync', 'office', 'browsers', 'copy_tools', 'generic'] as const;
/** Who makes temporary names; `generic` are those that many programs use. */
export type TempFamily = (typeof TEMP_FAMILIES)[number];

/** What a rule asks of one dataset, and which entries count: those in `dir`, and below it when `deep`. */
export type Completion = {
  /** For a person: "rule 3", "recipe epu-mrc of rule 3". */
  readonly by: string;
  readonly dir: SharePath;
  readonly deep: boolean;
  readonly condition: Condition;
  /** The parts of the template, for counts that name one. */
  readonly facts: Readonly<Record<string, string>>;
};
