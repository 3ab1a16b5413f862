import { type Logger, pino } from 'pino';
import { IngestError } from '../core/errors.ts';
import { plainJson } from '../core/plain-output.ts';

export type Log = Logger;

/**
 * JSON lines on standard output, for journald. Errors are written by an allow-list of fields, so that nothing a
 * library hangs on an error (headers, arguments) can carry a secret out.
 */
export function openLog(level: string, destination: NodeJS.WritableStream = process.stdout): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: plainError, err: plainError },
      redact: {
        paths: ['token', '*.token', 'headers', '*.headers', 'password', '*.password'],
        censor: '[secret]',
      },
    },
    { write: (line) => void destination.write(plainJson(line)) },
  );
}

/** The fields of an error that may be logged; the cause's message too, nothing else of it. */
export function plainError(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const cause = thrown.cause instanceof Error ? { cause: thrown.cause.message } : {};
  if (!(thrown instanceof IngestError))
    return { name: thrown.name, message: thrown.message, stack: thrown.stack, ...cause };
  const { code, message, hint, disposition, context } = thrown;
  return { code, message, hint, disposition, ...context, ...cause };
}
