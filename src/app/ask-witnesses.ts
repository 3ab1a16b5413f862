import type { IngestError } from '../core/errors.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import { isProofAgainst, type TokenKind } from '../destinations/nomad/token.ts';

/** So many accounts at a time are asked whether the platform takes any token at all. */
const WITNESSES = 3;

type Account = { readonly owner: OwnerId; readonly destination: DestinationName };

export type WitnessParts = {
  /** Everyone whose token a destination could take, whether they have work tonight or not. */
  readonly witnesses: () => readonly OwnerId[];
  /** Undefined: there is no token that can be read. */
  readonly kindOf: (owner: OwnerId) => Promise<TokenKind | undefined>;
  /** What is wrong with the token of an account; undefined: it is taken. */
  readonly errorOf: (account: Account, signal: AbortSignal) => Promise<IngestError | undefined>;
};

/**
 * Answers whether the platform takes anybody's token right now that it would refuse if it did not know its users, but for
 * those that may be refused for the same reason. Whoever was taken is asked first the next time, and then those who were not asked for longest: a few dead tokens do not
 * hide a good one for ever.
 */
export function createWitnesses({ witnesses, kindOf, errorOf }: WitnessParts) {
  const turns = new Map<string, number>();
  let turn = 0;
  return async (
    { owner: refused, destination }: Account,
    doubtful: readonly OwnerId[],
    signal: AbortSignal,
  ): Promise<boolean> => {
    const turnOf = (owner: OwnerId): number => turns.get(`${destination} ${owner}`) ?? 0;
    const others = witnesses()
      .filter((one) => !doubtful.includes(one))
      .toSorted((a, b) => turnOf(a) - turnOf(b));
    const kind = await kindOf(refused);
    let asked = 0;
    for (const owner of others) {
      if (signal.aborted || asked === WITNESSES) return false;
      if (!isProofAgainst(kind, await kindOf(owner))) continue;
      const error = await errorOf({ owner, destination }, signal);
      turns.set(`${destination} ${owner}`, error === undefined ? -1 : (turn += 1));
      if (error === undefined) return true;
      if (isOfThePlatform(error)) asked += 1;
    }
    return false;
  };
}

/** Said by the platform, or nothing was said at all; else we know the token's fault by ourselves. */
export function isOfThePlatform({ disposition, context }: IngestError): boolean {
  return disposition === 'retry' || context['status'] !== undefined;
}
