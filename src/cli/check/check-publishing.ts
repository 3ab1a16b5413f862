import { isConfirmed } from '../../app/may-publish.ts';
import { ownersAt } from '../../app/watch-tokens.ts';
import type { Workspace } from '../../app/workspace.ts';
import type { DestinationConfig } from '../../config/config.ts';
import type { OwnerId } from '../../core/ids.ts';
import type { Call } from '../../destinations/destination.ts';
import { type Finding, warning } from './finding.ts';

/** A rule publishes what may be this owner's, and the token never may: told before anything waits for it. */
export function mayNotPublish(
  { config, destination }: Pick<Workspace, 'config' | 'destination'>,
  block: DestinationConfig,
  { owner, ...call }: Call & { readonly owner: OwnerId },
): Finding | undefined {
  const { mapping } = config;
  const rules = mapping.rules.filter(({ publish }) => publish === true);
  const isMeant = ownersAt({ ...config, mapping: { ...mapping, rules } }, block).includes(owner);
  if (rules.length === 0 || !isMeant || !isConfirmed(block)) return undefined;
  if (destination(block.name).publishing?.mayTry(call) !== false) return undefined;
  const names = rules.map(({ id }) => id).join(', ');
  return warning(
    `token of ${owner} at ${block.name}`,
    `it is taken, but may not publish, as ${names} asks for: data of ${owner} is delivered, and stays unpublished`,
    `Where data of ${owner} shall be published: enrol an app token, or a personal access token with uploads:write, uploads:read and uploads:publish (docs/nomad.md, "Publishing").`,
  );
}
