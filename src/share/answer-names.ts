import { type ChildProcess, execFile } from 'node:child_process';
import type { NameAnswer, NameQuestion } from './account-names.ts';

/** A directory service that needs longer counts as silent. */
const NAME_MS = 2000;
/** So that all of it fits into a listing's error. */
const NAME_CHARS = 24;

/** Answers a reading process that asks what this host calls an account. */
export function answerNames(child: ChildProcess): void {
  child.on('message', (message) => {
    const { thread, database, id } = message as NameQuestion;
    if ((database !== 'passwd' && database !== 'group') || !Number.isSafeInteger(id)) return;
    const options = { cwd: '/', timeout: NAME_MS, killSignal: 'SIGKILL' } as const;
    execFile('/usr/bin/getent', [database, String(id)], options, (_error, found) => {
      const name = /^([\w.@\\$+-]+):/.exec(found)?.[1]?.slice(0, NAME_CHARS);
      // A child that is gone needs no answer.
      if (child.connected) child.send({ thread, name } satisfies NameAnswer, () => undefined);
    });
  });
}
