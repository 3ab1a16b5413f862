import { randomInt } from 'node:crypto';

/** Below what the system hands out by itself (`ip_local_port_range` begins at 32768), above what services have. */
const OURS = [10_000, 32_000] as const;
const TRIES = 50;

/**
 * Calls `use` with a port, and with another one while it fails because that is taken. While its server is away, no connection and no other server
 * of the machine is given that port by the system, as one of the system's own would be: a server that comes back finds it free.
 */
export async function onOwnPort<T>(use: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await use(randomInt(...OURS));
    } catch (error) {
      const isTaken =
        error instanceof Error && /EADDRINUSE|Unable to listen on this port/.test(error.message);
      if (!isTaken || tries === TRIES) throw error;
    }
  }
}
