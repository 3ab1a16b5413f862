/** The day that it is at an instant in UTC, "2026-12-31": the same on every host. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** An instant for a person who may read it anywhere: "2026-12-31 17:05:09 UTC". */
export const utcTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
