import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import type { NomadServer } from './nomad-server.ts';
import { untilTrue } from './until.ts';

/** Tells a process twice to stop, while a parcel of it is on its way; `heard`: what it says to the first. How it ended. */
export async function stopTwice(child: ChildProcess, nomad: NomadServer, heard: string): Promise<unknown> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
  const before = nomad.requests.length;
  const isSending = (): boolean => nomad.requests.slice(before).some(({ method }) => method === 'PUT');
  await untilTrue(isSending, 'a parcel is on its way');

  child.kill('SIGTERM');
  await untilTrue(() => said.includes(heard), 'the first was heard');
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');

  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? code;
}
