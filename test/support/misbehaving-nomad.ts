/**
 * The NOMAD test server as a process of its own, for `nightjar demo --misbehave`: one JSON line on standard output for
 * what happens, one answer for each line on standard input ("accounts"). Ends with its standard input.
 *
 *   node test/support/misbehaving-nomad.ts SEED v1.3|v1.4 USER…
 */
import { createInterface } from 'node:readline';
import { MISDEEDS } from './nomad/misbehave.ts';
import { type Generation, type NomadServer, startNomadServer, type UserName } from './nomad-server.ts';

const [seed = '1', generation = 'v1.4', ...given] = process.argv.slice(2);
const users = given as UserName[];

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const names = new Map<string, string>();

const nomad = await startNomadServer({
  generation: generation as Generation,
  misbehave: {
    seed: Number(seed),
    onMisdeed: ({ user, misdeed }) =>
      say({ is: 'misdeed', user: names.get(user) ?? user, misdeed, words: MISDEEDS[misdeed] }),
  },
});
let drawn = 0;
// Some are done when they are asked about, some take a moment.
nomad.worker.settings.processingMs = () => 40 + ((drawn++ * 97) % 200);
for (const user of users) names.set(nomad.userId(user), user);
say({
  is: 'listening',
  url: nomad.url,
  tokens: Object.fromEntries(users.map((user) => [user, nomad.tokenOf(user)])),
});

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'accounts') say({ is: 'accounts', files: await filesOf(nomad) });
}
await nomad.close();

/** Every file of every account, published or not. What the platform deleted is not there. */
async function filesOf(server: NomadServer): Promise<object[]> {
  await server.worker.idle();
  const files: object[] = [];
  for (const { id, mainAuthor } of server.uploads())
    for (const [path, sha256] of await server.sha256Of(id))
      files.push({ user: names.get(mainAuthor) ?? mainAuthor, upload: id, path, sha256 });
  return files;
}
