/** A process that sends one batch to a directory destination, to be killed on the way: see test/fault/directory.test.ts. */
import { createDirectory } from '../../src/destinations/directory/directory.ts';
import { contentOf } from './content.ts';
import { numberedFiles } from './numbered-files.ts';

const [root = '', count = '0', size = '0', killBefore = ''] = process.argv.slice(2);
const content = contentOf({
  owner: 'ada',
  files: numberedFiles(Number(count), Number(size)),
  onPiece: (bytes) => {
    // From within, so that it hits the same byte every time; SIGKILL leaves no chance to tidy up.
    if (killBefore !== '' && bytes >= Number(killBefore)) process.kill(process.pid, 'SIGKILL');
  },
});
const destination = createDirectory({ root, verify: 'hash' });
const call = { token: undefined, signal: new AbortController().signal };
await destination.send(await destination.open('ada', call), content, call);
