import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What `init` was told; the rest stays as the examples have it. */
export type StarterChoices = {
  /** Where the share is mounted. */
  readonly share: string | undefined;
  /** A directory that receives the data; without it the example's NOMAD does. */
  readonly destination: string | undefined;
  readonly stateDir: string;
  readonly timezone: string;
};

export type StarterFiles = { readonly nightjar: string; readonly folders: string };

const EXAMPLES = new URL('../../config/', import.meta.url);
const SHARE = '/mnt/instruments';

/**
 * The commented examples of config/ with the choices filled in, so that what people start from is what the tests
 * load. Throws when an example has lost a line that is to be filled in.
 */
export function starterFiles(choices: StarterChoices): StarterFiles {
  const { destination } = choices;
  const examples = { nightjar: example('nightjar.yaml'), folders: example('folders.yaml') };
  const nightjar = fillIn(examples.nightjar, choices);
  if (destination === undefined) return { nightjar, folders: withSchema(examples.folders, 'folders') };
  return {
    nightjar: commentedOut(deliverTo(nightjar, destination), NOMAD_BLOCK),
    folders: commentedOut(withSchema(examples.folders, 'folders'), NOMAD_ACCOUNT),
  };
}

/** The share's root as the starter files have it. */
export const shareOf = ({ share }: Pick<StarterChoices, 'share'>): string => share ?? SHARE;

const example = (name: string): string => readFileSync(new URL(name, EXAMPLES), 'utf8');

function fillIn(text: string, choices: StarterChoices): string {
  const share = shareOf(choices);
  let filled = withSchema(text, 'nightjar');
  filled = replaced(filled, `root: ${SHARE} `, `root: ${yamlText(share)} `);
  filled = replaced(filled, `touch ${SHARE}/`, `touch ${share}/`);
  filled = replaced(filled, 'state_dir: /var/lib/nightjar ', `state_dir: ${yamlText(choices.stateDir)} `);
  return replaced(filled, 'timezone: Europe/Berlin ', `timezone: ${choices.timezone} `);
}

function deliverTo(text: string, destination: string): string {
  const filled = replaced(text, 'root: /srv/archive ', `root: ${yamlText(destination)} `);
  return replaced(filled, 'default_destination: nomad ', 'default_destination: archive ');
}

/** Editors find the schema where Nightjar is installed. */
function withSchema(text: string, name: string): string {
  const file = `${name}.schema.json`;
  return replaced(text, `$schema=${file}`, `$schema=${fileURLToPath(new URL(file, EXAMPLES))}`);
}

/** From its key to the line before the next that is not indented deeper. */
const NOMAD_BLOCK = /^ {2}nomad:.*\n(?: {4,}.*\n)*/m;
const NOMAD_ACCOUNT = /^ +nomad: \{.*\n/gm;

function commentedOut(text: string, block: RegExp): string {
  if (text.search(block) < 0) throw new Error(`the example has nothing like ${String(block)}`);
  const commented = text.replace(block, (lines) => lines.replace(/^( +)/gm, '$1# '));
  // A key whose only block is commented out would be read as null.
  return commented.replace(/^collector:\n(?= +# )/m, 'collector: {}\n');
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the example has no ${JSON.stringify(from)}`);
  return text.replace(from, () => to);
}

/** A path as YAML reads it back. */
function yamlText(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}
