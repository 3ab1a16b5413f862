/** What a platform that mails the account's owner after each process sends because of a night's batches. */
export type Mails = { readonly destination: string; readonly owner: string; readonly mails: number };

type Sent = { readonly destination: string; readonly owner: string };

/** At least one mail a batch; the most first. `mailsOwners` says which destinations may send any. */
export function mailsFor(
  batches: readonly Sent[],
  mailsOwners: (destination: string) => boolean,
): readonly Mails[] {
  const counted = new Map<string, Mails>();
  for (const { destination, owner } of batches) {
    if (!mailsOwners(destination)) continue;
    const key = `${destination}/${owner}`;
    counted.set(key, { destination, owner, mails: (counted.get(key)?.mails ?? 0) + 1 });
  }
  return [...counted.values()].toSorted((a, b) => b.mails - a.mails);
}
