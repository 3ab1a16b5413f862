import type { Config } from '../config/config.ts';
import { readYaml } from '../config/read-yaml.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import type { OwnerQuestion, SourceAnswer } from '../core/owner-source.ts';
import { printable } from '../core/share-path.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { readSidecars, type SidecarContent, type SidecarFile } from '../share/read-sidecars.ts';
import type { CompiledMapping } from './compile-mapping.ts';

type Parts = {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly current: () => CompiledMapping;
};
type Contents = ReadonlyMap<SidecarFile, SidecarContent>;

/** More files that a sidecar's name fits are no help: nobody would know which of them counts. */
const MOST_SIDECARS = 4;

/** Reads the sidecars of these questions together; what could not be read is `unresolved`. Throws the signal's reason. */
export async function askSidecars(
  parts: Parts,
  share: ShareName,
  questions: readonly OwnerQuestion[],
  signal: AbortSignal,
): Promise<(question: OwnerQuestion) => SourceAnswer> {
  const asked = questions.filter(({ source }) => source === 'sidecar');
  const files = new Map(asked.map((question) => [question, sidecarsOf(parts, question)]));
  const all = [...files.values()].filter((some) => some.length <= MOST_SIDECARS).flat();
  const contents = await contentsOf(parts, share, all, signal);
  return (question) => sidecarAnswer(parts.current(), question, files.get(question) ?? [], contents);
}

async function contentsOf(
  { config, clock }: Parts,
  share: ShareName,
  files: readonly SidecarFile[],
  signal: AbortSignal,
): Promise<Contents> {
  const target = config.shares.find(({ name }) => name === share);
  if (target === undefined) return new Map();
  try {
    const read = await readSidecars(target, files, { deadlineMs: target.stallMs, clock, signal });
    return new Map(files.map((file, index) => [file, read[index] ?? { problem: 'it was not read' }]));
  } catch (thrown) {
    signal.throwIfAborted();
    const { message } = asIngestError(thrown, `read sidecars of share ${share}`);
    return new Map(files.map((file) => [file, { problem: message }]));
  }
}

/** The files in a dataset's directory, as the last look saw it, that may be its sidecar. */
function sidecarsOf(
  { ledger, current }: Parts,
  { share, dataset, rule }: OwnerQuestion,
): readonly (SidecarFile & { readonly stamp: string })[] {
  const reader = current().assigner.sidecarOf(rule);
  return [...ledger.looks.listed(share, dataset).values()]
    .filter(({ entry }) => entry.kind === 'file' && reader?.isSidecar(entry.name) === true)
    .map(({ entry: { name, size, mtimeNs } }) => ({
      dir: dataset,
      name,
      stamp: `${name} ${size} ${mtimeNs}`,
    }));
}

/** Name, size and time of the files that a question is answered from: another stamp, and it is asked again. */
export const sidecarStamp = (parts: Parts, question: OwnerQuestion): string =>
  sidecarsOf(parts, question)
    .map(({ stamp }) => printable(stamp))
    .join('\n');

function sidecarAnswer(
  { assigner }: CompiledMapping,
  { rule }: OwnerQuestion,
  files: readonly SidecarFile[],
  contents: Contents,
): SourceAnswer {
  const reader = assigner.sidecarOf(rule);
  if (reader === undefined || files.length === 0) return { kind: 'nobody', why: 'there is no such file' };
  if (files.length > MOST_SIDECARS)
    return { kind: 'unresolved', why: `${files.length} files may be it: make its name more exact` };
  const answers = files.map((file) => {
    const name = printable(file.name);
    const found = contents.get(file) ?? { problem: 'it was not read' };
    if ('problem' in found) return { kind: 'unresolved', why: `${name}: ${found.problem}` } as const;
    const answer = reader.read(found.content.toString('utf8'), parse);
    return answer.kind === 'name' ? answer : { ...answer, why: `${name}: ${answer.why}` };
  });
  return together(answers);
}

function together(answers: readonly SourceAnswer[]): SourceAnswer {
  const unresolved = answers.find(({ kind }) => kind === 'unresolved');
  if (unresolved !== undefined) return unresolved;
  const names = new Set(answers.flatMap((answer) => (answer.kind === 'name' ? [answer.name] : [])));
  const [name, ...others] = names;
  if (name === undefined) return answers[0] ?? { kind: 'nobody', why: 'there is no such file' };
  if (others.length === 0) return { kind: 'name', name };
  const all = [...names].map((one) => `'${printable(one)}'`).join(' and ');
  return { kind: 'unresolved', why: `several files name different people: ${all}` };
}

/** JSON first: it may be indented with tabs, which YAML does not take. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const yaml = readYaml(text);
    if ('value' in yaml) return yaml.value;
    throw new Error(yaml[0]?.message ?? 'not valid YAML');
  }
}
