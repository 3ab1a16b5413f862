/** What is said of all data in one container: who else may see it there, and what it belongs to. */
export type ContainerMetadata = {
  /** As the destination knows people: user ids, user names or e-mail addresses. */
  readonly coauthors: readonly string[];
  readonly reviewers: readonly string[];
  readonly references: readonly string[];
  readonly comment?: string;
  readonly externalId?: string;
  readonly embargoMonths?: number;
};

/** Whether there is nothing to say. */
export function isNothing({ coauthors, reviewers, references, ...rest }: ContainerMetadata): boolean {
  const lists = [coauthors, reviewers, references].every((list) => list.length === 0);
  return lists && Object.values(rest).every((value) => value === undefined);
}
