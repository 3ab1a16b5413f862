import type { NomadDestination } from '../../app/prove-token.ts';
import type { Config } from '../../config/config.ts';
import { IngestError } from '../../core/errors.ts';
import { COLLECTOR, type OwnerId } from '../../core/ids.ts';
import { unknownName } from '../unknown-name.ts';

/** The owner that a person means, by id or alias; USAGE with the nearest name for nobody. */
export function ownerCalled({ mapping }: Config, name: string): OwnerId {
  if (name === COLLECTOR) return COLLECTOR;
  const found = mapping.owners.find(({ id, aliases }) => id === name || aliases.includes(name));
  if (found !== undefined) return found.id;
  throw unknownName('owner', name, [...mapping.owners.map(({ id }) => String(id)), COLLECTOR]);
}

/** The NOMAD destination of that name, or the only one there is. */
export function nomadCalled({ destinations }: Config, name: string | undefined): NomadDestination {
  const platforms = destinations.filter((one): one is NomadDestination => one.kind === 'nomad');
  const named = platforms.find((one) => one.name === name);
  if (named !== undefined) return named;
  if (name !== undefined)
    throw unknownName(
      'destination',
      name,
      platforms.map((one) => String(one.name)),
    );
  const [only] = platforms;
  if (only !== undefined && platforms.length === 1) return only;
  throw new IngestError(
    'USAGE',
    platforms.length === 0
      ? 'no destination of kind nomad is configured'
      : 'there are several NOMAD destinations',
    {
      hint:
        platforms.length === 0
          ? 'Add one to nightjar.yaml: destinations: { nomad: { kind: nomad, base_url: … } }.'
          : `Say which: --destination ${platforms.map((one) => one.name).join(' or --destination ')}.`,
    },
  );
}
