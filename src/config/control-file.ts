import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { CONTROL_FILE, type Control, type FoundControl } from '../core/control.ts';
import { joinPath, printable, type SharePath } from '../core/share-path.ts';
import { controlSchema } from './control-schema.ts';
import { decode } from './decode.ts';
import { schemaOf } from './json-schema.ts';
import { type Finding, formatKey, formatProblem, type Problem } from './problem.ts';
import { readYaml, type YamlSource } from './read-yaml.ts';

/** Keys of the folder mapping that somebody may try here. */
const RIGHTS: readonly (string | number | undefined)[] = [
  'owner',
  'owners',
  'destination',
  'collector',
  'account',
  'token',
];

/** Whoever writes on the share writes this: what is wrong with it must not fill reports, nor take long to say. */
const MOST_PROBLEMS = 5;
const MOST_PROBLEM_CHARS = 300;

/** What a control file says; whatever is wrong with it is its `problem`, with the place. Never throws. */
export function readControl(dir: SharePath, found: FoundControl): Control {
  const file = printable(joinPath(dir, found.name));
  const refused = (problem: string): Control => ({ dir, file, problem });
  if (found.name !== CONTROL_FILE)
    return refused(`${file}: expected a control file, which is called ${CONTROL_FILE}: rename or remove it`);
  const { content } = found;
  if (content === undefined) return refused(`${file}: ${found.problem ?? 'it was not read'}`);
  if (!isUtf8(content)) return refused(`${file}: expected text in UTF-8, found other bytes`);
  if (content.includes(0)) return refused(`${file}: expected text in UTF-8, found nul bytes (UTF-16?)`);
  const yaml = readYaml(Buffer.from(content).toString('utf8'));
  if (!('value' in yaml)) return refused(say(yaml, (problem) => ({ ...problem, path: [], file, key: '' })));
  const decoded = decode(controlSchema, () => schemaOf('control-file'), yaml.value);
  if (!decoded.ok) return refused(say(decoded.findings, (finding) => located(finding, file, yaml)));
  const { quiet, ...said } = decoded.value;
  return { dir, file, ...defined(said), ...(quiet === undefined ? {} : { quietMs: quiet }) };
}

function located(finding: Finding, file: string, yaml: YamlSource): Problem {
  const { path, onKey } = finding;
  const known = { ...finding, file, key: formatKey(path), ...yaml.positionOf(path, onKey) };
  return onKey === true && RIGHTS.includes(path[0]) ? { ...known, message: NO_RIGHTS } : known;
}

const NO_RIGHTS =
  'a control file never says whose data is or where it goes: the folder mapping does, ask the manager';

/** Only those that are said are looked for in the text. */
function say<T>(problems: readonly T[], place: (problem: T) => Problem): string {
  const lines = problems.slice(0, MOST_PROBLEMS).map((problem) => {
    const line = printable(formatProblem(place(problem)));
    return line.length > MOST_PROBLEM_CHARS ? `${line.slice(0, MOST_PROBLEM_CHARS)}…` : line;
  });
  const more = problems.length - lines.length;
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

type Said = Omit<z.output<typeof controlSchema>, 'quiet'>;

/** Without the keys that are undefined. */
function defined(said: Said): Pick<Control, 'hold' | 'skip' | 'uploaded' | 'ready' | 'dataset'> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
