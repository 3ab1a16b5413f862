import type { Config, TokenRef } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import { COLLECTOR, type DestinationName, type OwnerId } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import { checkTokenOwner, refuseAdmin, tokenFacts } from '../destinations/nomad/token.ts';

/**
 * The credential an owner's data goes with at a destination; undefined where none is needed. A token that belongs to
 * somebody else is refused before anything is sent: data in the wrong account is the worst error there is.
 */
export async function ownerToken(
  config: Config,
  store: TokenStore,
  { owner, destination }: { readonly owner: OwnerId; readonly destination: DestinationName },
): Promise<Secret | undefined> {
  const options = config.destinations.find(({ name }) => name === destination);
  if (options === undefined || options.kind === 'directory') return undefined;
  const { kind } = options;
  const ref = tokenRef(config, owner, kind);
  if (ref === undefined)
    throw new IngestError('TOKEN_MISSING', `owner ${owner} has no token for ${destination}`, {
      hint: `Name one in the folder mapping: owners: ${owner}: ${kind}: { token: NAME }.`,
      context: { owner, destination },
    });
  const token = await store.token(ref.token);
  if (ref.userId !== undefined) checkTokenOwner(token, ref.userId, owner);
  refuseAdmin(options.adminUserIds, tokenFacts(token).userId);
  return token;
}

export function tokenRef(
  { mapping }: Pick<Config, 'mapping'>,
  owner: OwnerId,
  kind: string,
): TokenRef | undefined {
  const { owners, collector } = mapping;
  const tokens = owner === COLLECTOR ? collector.tokens : owners.find(({ id }) => id === owner)?.tokens;
  return tokens?.[kind];
}
