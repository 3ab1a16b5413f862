const NOTHING_LOST =
  'Nothing is lost: the ledger has the work, and it goes on by itself when Redis takes it again.';

/** What helps, by the code with which every error answer of Redis begins (redis.io, RESP). */
const CURES: ReadonlyMap<string, string> = new Map([
  ['OOM', 'Redis is full (maxmemory): raise its limit, or give Nightjar a Redis of its own.'],
  ['READONLY', 'That Redis is a replica and takes nothing: set redis.url to the primary.'],
  ['NOREPLICAS', 'Redis takes nothing while its replicas are away (min-replicas-to-write): bring them back.'],
  ['MISCONF', 'Redis cannot write to its disk: make room there. Its own log says what failed.'],
  ['LOADING', 'Redis reads its data from disk: wait.'],
  ['BUSY', 'A script of somebody else keeps Redis busy: end it there with SCRIPT KILL.'],
  ['NOAUTH', 'Redis asks for a password: put it into redis.url.'],
  ['WRONGPASS', 'Redis refuses the user or the password of redis.url: mend it.'],
  ['NOPERM', "Give the Redis user of redis.url every command but the administrator's, on the keys bull:*."],
]);

/** True when Redis is there and does not do what it is asked. */
export function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && CURES.has(firstWord(thrown.message));
}

/** What a person can do about a failure of Redis, from its first word; without one it is silent. */
export function cureOf(message: string): string {
  const word = firstWord(message);
  const unknown = word === '' ? 'Redis does not answer.' : 'Redis refuses it: its words say why.';
  return `${CURES.get(word) ?? unknown} ${NOTHING_LOST}`;
}

function firstWord(message: string): string {
  return /^[A-Z]+(?= )/.exec(message)?.[0] ?? '';
}
