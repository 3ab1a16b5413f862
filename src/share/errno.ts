import { constants } from 'node:os';

/** Linux numbers that neither Node nor node:os names (errno(3)); network shares answer with them. */
const UNNAMED: readonly (readonly [string, number])[] = [
  ['ECOMM', 70],
  ['EUCLEAN', 117],
  ['ENOMEDIUM', 123],
  ['ENOKEY', 126],
  ['EKEYEXPIRED', 127],
  ['EKEYREJECTED', 129],
  ['EHOSTDOWN', 112],
  ['ESTALE', 116],
];

const NAMES = new Map<number, string>([
  ...UNNAMED.map(([name, number]) => [number, name] as const),
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
]);

/**
 * The errno name of a failed system call ("EACCES"), also where Node only says "Unknown system error -116"; undefined
 * when it was not a system call that failed.
 */
export function errnoName(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('errno' in thrown)) return undefined;
  const { errno } = thrown;
  if (typeof errno !== 'number' || errno >= 0) return undefined;
  return NAMES.get(-errno) ?? `errno ${-errno}`;
}

/**
 * True for what opening a file answers while another program has it open: the CIFS client tells a sharing violation as
 * EBUSY, older servers as ETXTBSY; EAGAIN, under either of its names: the file has a lease.
 */
export function saysOpenElsewhere(errno: string): boolean {
  return ['EBUSY', 'ETXTBSY', 'EAGAIN', 'EWOULDBLOCK'].includes(errno);
}
