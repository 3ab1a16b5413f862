import { constants, existsSync, type Stats } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import { count, formatBytes } from '../../core/units.ts';
import { checkLedgerFile } from '../../ledger/ledger-file.ts';
import { ledgerIn } from '../../ledger/ledger-place.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { SCHEMA_STEPS } from '../../ledger/schema.ts';
import { freeSpace } from '../free-space.ts';
import { clockTime } from '../style.ts';
import { type Finding, findingOf, ok, problem, warning } from './finding.ts';

const ABOUT = 'state directory';
const LITTLE = 1024 ** 3;
const TOO_LITTLE = 100 * 1024 ** 2;

/** f_type of file systems on which SQLite's locks cannot be trusted (statfs(2); sqlite.org/faq.html#q5). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
]);

/** The state directory: there or creatable, ours alone, on a local disk with room. */
export async function checkStateDir(dir: string): Promise<Finding[]> {
  const place = await findingOf(ABOUT, () => checkPlace(dir));
  return place.level === 'problem' ? [place] : [place, ...(await checkDisk(dir))];
}

async function checkPlace(dir: string): Promise<Finding> {
  const found = await statOrNothing(dir);
  if (found === undefined) return checkCreatable(dir);
  if (!found.isDirectory())
    return problem(ABOUT, `${dir} is not a directory`, 'Move it away, or set state_dir to a directory.');
  if (found.uid !== process.geteuid?.())
    return problem(
      ABOUT,
      `${dir} belongs to user ${found.uid}, Nightjar runs as ${process.geteuid?.() ?? 'another'}`,
      'Run it as the user the directory belongs to, or give the directory to this user with chown.',
    );
  if (!(await isWritable(dir)))
    return problem(ABOUT, `${dir} cannot be written`, 'Give its user the right to write there (chmod 700).');
  if ((found.mode & 0o077) === 0) return ok(ABOUT, `${dir} is there and ours alone.`);
  return warning(
    ABOUT,
    `${dir} can be entered by others`,
    `The names of all files of the share are in it: chmod 700 ${dir}`,
  );
}

async function checkCreatable(dir: string): Promise<Finding> {
  const above = await existingAbove(dir);
  return (await isWritable(above))
    ? ok(ABOUT, `${dir} is not there yet and can be made.`)
    : problem(
        ABOUT,
        `${dir} is not there, and ${above} cannot be written`,
        `As root: install -d -m 700 -o USER ${dir}; or set state_dir to a directory of your own.`,
      );
}

async function checkDisk(dir: string): Promise<Finding[]> {
  const { type } = await statfs(await existingAbove(dir));
  const network = NETWORK.get(type >>> 0);
  const findings: Finding[] = [];
  if (network !== undefined)
    findings.push(
      problem(ABOUT, `${dir} is on ${network}`, 'The ledger needs a local disk: set state_dir to one.'),
    );
  const free = await freeSpace(dir);
  if (free === undefined || free >= LITTLE) return findings;
  const level = free < TOO_LITTLE ? problem : warning;
  const cure = 'Make room: the ledger grows by some hundred bytes a file, the queue by some hundred a batch.';
  return [...findings, level(ABOUT, `only ${formatBytes(free)} are free for ${dir}`, cure)];
}

/** What the ledger tells of itself; it could be read, or we would not be here. */
export function checkLedger(ledger: Ledger, now: number): Finding {
  const [last] = ledger.runs.latest(1);
  const batches = ledger.counts().reduce((sum, one) => sum + one.batches, 0);
  if (last === undefined) return ok('ledger', 'There is no run in it yet.');
  if (last.startedAt > now)
    return warning(
      'clock',
      `the clock is behind: the last run began ${clockTime(last.startedAt, now)}, it is ${clockTime(now, now)}`,
      'Set the clock (timedatectl); until it is past that time nothing settles.',
    );
  const when = clockTime(last.startedAt, now);
  return ok('ledger', `It opens; ${count(batches, 'batch', 'batches')}, last run ${when}.`);
}

/** Whether its pages and rows are whole, and what the next start does to one of an older format; throws LEDGER_CORRUPT. */
export function checkLedgerFormat(stateDir: string): Finding[] {
  if (!existsSync(ledgerIn(stateDir))) return [];
  const { format } = checkLedgerFile(stateDir, 'quick');
  const newest = SCHEMA_STEPS.length;
  if (format === newest) return [];
  const then = 'To try that on a copy: nightjar ledger migrate --dry-run';
  return [
    ok('ledger', `It has format ${format}; the next start copies it and brings it to ${newest}. ${then}`),
  ];
}

async function existingAbove(dir: string): Promise<string> {
  const above = dirname(dir);
  return (await statOrNothing(dir)) !== undefined || above === dir ? dir : existingAbove(above);
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isWritable(dir: string): Promise<boolean> {
  try {
    await access(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
