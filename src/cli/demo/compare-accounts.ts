/** A file of the share, as it was written. */
export type SharedFile = { readonly path: string; readonly owner: string; readonly sha256: string };

/** A file in somebody's account on the platform. */
export type AccountFile = {
  readonly owner: string;
  readonly upload: string;
  readonly path: string;
  readonly sha256: string;
};

/** What Nightjar says of a file. */
export type Claim = { readonly isDelivered: boolean; readonly words: string };

export type Comparison = {
  /** Files that are in their owner's account, once, and called delivered. */
  readonly delivered: number;
  /** Not called delivered, with the reason. */
  readonly kept: readonly { readonly path: string; readonly owner: string; readonly why: string }[];
  /** What must never be: a delivered file that is not there, one that is there twice, one in another's account. */
  readonly wrong: readonly { readonly path: string; readonly owner: string; readonly what: string }[];
};

/**
 * Holds the share against the accounts, by SHA-256: the platform's word counts for nothing here, nor does ours. `below`
 * is the directory that the share is delivered under.
 */
export function compareAccounts(
  shared: readonly SharedFile[],
  accounts: readonly AccountFile[],
  below: string,
  claimOf: (path: string) => Claim,
): Comparison {
  const bySha = Map.groupBy(accounts, ({ sha256 }) => sha256);
  const kept: Comparison['kept'][number][] = [];
  const wrong: Comparison['wrong'][number][] = [];
  let delivered = 0;
  for (const file of shared) {
    const { path, owner } = file;
    const claim = claimOf(path);
    const what = whatIsWrong(file, bySha.get(file.sha256) ?? [], below, claim);
    if (what !== undefined) wrong.push({ path, owner, what });
    else if (claim.isDelivered) delivered += 1;
    else kept.push({ path, owner, why: claim.words });
  }
  return { delivered, kept, wrong };
}

function whatIsWrong(
  { path, owner }: SharedFile,
  places: readonly AccountFile[],
  below: string,
  { isDelivered }: Claim,
): string | undefined {
  const foreign = places.find((place) => place.owner !== owner);
  if (foreign !== undefined) return `it is in the account of ${foreign.owner}`;
  if (places.length > 1) return `it is in the account ${places.length} times`;
  const [place] = places;
  if (place === undefined)
    return isDelivered ? 'it is called delivered and is not in the account' : undefined;
  return place.path === `${below}/${path}` ? undefined : `it is in the account as ${place.path}`;
}
