import { type ErrorCode, IngestError, systemCode } from './errors.ts';

/** What starting a process answers when the machine, or what it allows the service, has no room for another. */
const FULL: readonly string[] = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE'];

/** That no process could be started, for want of room and not by a fault of the program; undefined for all else. */
export function noProcess(
  attempted: string,
  cause: unknown,
  code: ErrorCode = 'INTERRUPTED',
): IngestError | undefined {
  const errno = systemCode(cause);
  if (errno === undefined || !FULL.includes(errno)) return undefined;
  return new IngestError(code, `${attempted}: this machine starts no further process (${errno})`, {
    hint: 'Nightjar tries again by itself. If it comes again, look at the memory, at TasksMax and LimitNOFILE of the service, and at what else runs there.',
    context: { errno },
    cause,
  });
}
