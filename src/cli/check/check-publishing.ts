import { isConfirmed } from '../../app/may-publish.ts';
import { ownersAt } from '../../app/watch-tokens.ts';
import type { Workspace } from '../../app/workspace.ts';
import type { DestinationConfig } from '../../config/config.ts';
import { asIngestError } from '../../core/errors.ts';
import type { OwnerId } from '../../core/ids.ts';
import { printable } from '../../core/share-path.ts';
import type { Call } from '../../destinations/destination.ts';
import { type Finding, warning } from './finding.ts';

/** A rule publishes what may be this owner's, and the token may not: told before anything waits for it. */
export async function mayNotPublish(
  { config, destination }: Pick<Workspace, 'config' | 'destination'>,
  block: DestinationConfig,
  { owner, ...call }: Call & { readonly owner: OwnerId },
): Promise<Finding | undefined> {
  const { mapping } = config;
  const rules = mapping.rules.filter(({ publish }) => publish === true);
  const isMeant = ownersAt({ ...config, mapping: { ...mapping, rules } }, block).includes(owner);
  if (rules.length === 0 || !isMeant || !isConfirmed(block)) return undefined;
  const lacking = await destination(block.name)
    .publishing?.lacking(call)
    .catch((thrown: unknown) => asIngestError(thrown, 'ask what the token may'));
  if (lacking === undefined) return undefined;
  const about = `token of ${owner} at ${block.name}`;
  if (typeof lacking !== 'string')
    return warning(
      about,
      `it is taken, but nobody can tell whether it may publish: ${printable(lacking.message)}`,
      'Ask again when the platform is well. Until then the report of each evening says what was not published, and why.',
    );
  const names = rules.map(({ id }) => id).join(', ');
  return warning(
    about,
    `it is taken, but may not publish, as ${names} asks for: data of ${owner} is delivered, and stays unpublished (${lacking})`,
    `Where data of ${owner} shall be published: enrol an app token, or a personal access token with uploads:write, uploads:read and uploads:publish (docs/nomad.md, "Publishing").`,
  );
}
