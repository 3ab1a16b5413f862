type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The same keys without those that are undefined. */
export function defined<T extends object>(values: T): Defined<T> {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Defined<T>;
}
