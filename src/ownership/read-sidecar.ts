import type { SourceAnswer } from '../core/owner-source.ts';
import type { Sidecar } from './mapping.ts';
import { matchesSegment, readSegment } from './match-segment.ts';
import { parseTemplate } from './parse-template.ts';

/** Reads the answer of a rule's sidecar; `parse` reads JSON and YAML, and throws for what is neither. */
export type SidecarReader = {
  readonly isSidecar: (name: string) => boolean;
  readonly read: (text: string, parse: (text: string) => unknown) => SourceAnswer;
};

/** Throws RangeError saying what is wrong with the block. */
export function sidecarReader(sidecar: Sidecar): SidecarReader {
  const { file, field, line } = sidecar;
  if (file.includes('/')) throw new RangeError(`'${file}' is no name of a file in the dataset's directory`);
  if ((field === undefined) === (line === undefined))
    throw new RangeError('it needs either a field or a line that names the owner');
  const [name = []] = parseTemplate(file).segments;
  const isSidecar = (candidate: string): boolean => matchesSegment(name, candidate);
  if (field !== undefined) return { isSidecar, read: (text, parse) => byField(text, field, parse) };
  return { isSidecar, read: lineReader(line ?? '') };
}

function byField(text: string, field: string, parse: (text: string) => unknown): SourceAnswer {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { kind: 'unresolved', why: `it is neither JSON nor YAML: ${why}` };
  }
  for (const key of field.split('.'))
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined;
  if (value === undefined || value === null || value === '')
    return { kind: 'nobody', why: `it has no field ${field}` };
  if (typeof value !== 'string') return { kind: 'unresolved', why: `its field ${field} is no text` };
  return { kind: 'name', name: value.trim() };
}

/** A line is matched like a segment of a template; a '/' in it stands for itself. */
function lineReader(line: string): SidecarReader['read'] {
  if (!line.includes('{owner}')) throw new RangeError(`the line '${line}' has no {owner} part`);
  const [tokens = []] = parseTemplate(line.replaceAll('/', SLASH)).segments;
  return (text) => {
    const names = new Set<string>();
    for (const found of text.split(/\r\n|\r|\n/u)) {
      const named = readSegment(tokens, found.replaceAll('/', SLASH));
      const owner = named?.find(([part]) => part === 'owner')?.[1].trim();
      if (owner !== undefined && owner !== '') names.add(owner);
    }
    const [name, ...others] = names;
    if (name === undefined) return { kind: 'nobody', why: `it has no line '${line}'` };
    return others.length === 0
      ? { kind: 'name', name }
      : { kind: 'unresolved', why: `it names ${[...names].map((one) => `'${one}'`).join(' and ')}` };
  };
}

const SLASH = '\u2044';
