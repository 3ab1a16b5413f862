import type { Standing } from '../app/standing.ts';
import type { Control } from '../core/control.ts';
import { printable } from '../core/share-path.ts';
import { formatDuration } from '../core/units.ts';
import { sayDecision } from '../ownership/narrow.ts';

/** What control files and people said of a path, a line each; the order is the one in which it counts. */
export function standingLines({ controls, decisions }: Standing): string[] {
  return [
    ...controls.map(({ file, ...says }) => `${file}: ${sayControl(says)}`),
    ...decisions.map((decision) => `${printable(decision.path)}: ${printable(sayDecision(decision))}`),
  ];
}

function sayControl({
  problem,
  hold,
  skip,
  uploaded,
  ready,
  dataset,
  quietMs,
}: Omit<Control, 'file'>): string {
  if (problem !== undefined) return `cannot be followed, so everything below is held (${problem})`;
  const said = [
    hold === undefined ? '' : `hold: ${printable(hold)}`,
    skip === undefined ? '' : `skip: ${printable(skip)}`,
    uploaded === undefined ? '' : `uploaded: ${printable(uploaded)}`,
    ready === true ? 'ready' : '',
    dataset === true ? 'a dataset of its own' : '',
    quietMs === undefined ? '' : `quiet for ${formatDuration(quietMs)}`,
  ].filter((part) => part !== '');
  return said.length === 0 ? 'says nothing' : said.join(', ');
}

/** The JSON form (docs/json.md). */
export function standingJson({ controls, decisions }: Standing): object {
  return {
    controls: controls.map((control) => ({ ...control, dir: printable(control.dir) })),
    decisions: decisions.map(({ path, ...rest }) => ({ path: printable(path), ...rest })),
  };
}
