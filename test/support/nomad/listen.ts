/** The listening socket: it can go away like a platform that is being restarted, and come back at the same port. */
import { createServer, type Server } from 'node:http';
import { onOwnPort } from '../own-port.ts';

export type Listening = {
  readonly http: Server;
  readonly origin: string;
  /** Every connection is cut, and new ones are refused. */
  readonly away: () => Promise<void>;
  readonly back: () => Promise<void>;
};

export async function listen(port: number): Promise<Listening> {
  const http = createServer();
  http.requestTimeout = 0;
  const open = async (at: number): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    http.once('error', reject);
    http.listen(at, '127.0.0.1', () => resolve());
    await promise.finally(() => http.off('error', reject));
  };
  await (port === 0 ? onOwnPort(open) : open(port));
  const address = http.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    http,
    origin: `http://127.0.0.1:${own}`,
    away: async () => {
      if (!http.listening) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      http.close(() => resolve());
      http.closeAllConnections();
      await promise;
    },
    back: async () => {
      if (!http.listening) await open(own);
    },
  };
}
