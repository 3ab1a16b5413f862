/** A BLOB column that may not be NULL. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('the ledger holds no bytes where it must');
}
