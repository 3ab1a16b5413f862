import { IngestError } from '../core/errors.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** An owner at a destination. `name`: of the token's file, where what was enrolled under it counts. */
type Whose = { readonly owner: OwnerId; readonly destination: DestinationName; readonly name?: string };

/**
 * TOKEN_REJECTED when a token opens another account than the one that the owner's data went to so far, or than the one
 * it was enrolled for: after two token files were exchanged, each would bring its data into the account of the other.
 * Only `user_id` of folders.yaml says that it is meant; the caller asks where there is none.
 */
export function refuseOtherAccount(
  { credentials, knownContainers }: Pick<Ledger, 'credentials' | 'knownContainers'>,
  { owner, destination, name }: Whose,
  userId: string,
): void {
  const delivered = knownContainers.accountOf(owner, destination);
  if (isOther(delivered, userId))
    throw otherAccount(owner, userId, `${delivered}, where the data of ${owner} went so far`);
  const enrolled = name === undefined ? undefined : credentials.find(name)?.userId;
  if (isOther(enrolled, userId))
    throw otherAccount(owner, userId, `${enrolled}, for which the token of ${owner} was enrolled`);
}

const isOther = (known: string | undefined, userId: string): boolean =>
  known !== undefined && known.toLowerCase() !== userId.toLowerCase();

function otherAccount(owner: OwnerId, actual: string, expected: string): IngestError {
  return new IngestError(
    'TOKEN_REJECTED',
    `the token of ${owner} opens the account ${actual}, not ${expected}`,
    {
      hint: `Put the token of the former account back, or, if another account is meant, write user_id: ${actual} beside the token of ${owner} in folders.yaml. Nothing was sent.`,
      context: { owner, actual },
    },
  );
}
