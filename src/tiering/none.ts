import type { Tier } from './tier.ts';

/** No tiers: every file is on disk already. */
export const noTier: Tier = { recall: () => Promise.resolve() };
