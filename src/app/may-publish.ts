import type { Config, DestinationConfig } from '../config/config.ts';
import type { Batch } from '../core/model.ts';

/** Whether both of what publishing takes are said now: `publish` in the batch's rule, and the confirmation at its destination. */
export function mayPublish(
  { mapping, destinations }: Pick<Config, 'mapping' | 'destinations'>,
  { apart, destination: name }: Pick<Batch, 'apart' | 'destination'>,
): boolean {
  const rule = mapping.rules.find(({ id }) => id === apart);
  const destination = destinations.find((one) => one.name === name);
  return rule?.publish === true && destination !== undefined && isConfirmed(destination);
}

/** A publication cannot be undone, so the destination says it as well. */
export function isConfirmed(destination: DestinationConfig): boolean {
  return destination.kind === 'nomad' && destination.publish === 'irreversible';
}
