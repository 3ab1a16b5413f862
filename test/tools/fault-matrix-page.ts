import { FAULTS } from '../fault/matrix/matrix.ts';
import { type Fault, STEPS, type Step } from '../fault/matrix/model.ts';

const STEP_NAMES = Object.keys(STEPS) as Step[];

/** docs/fault-matrix.md. */
export function faultMatrixPage(): string {
  const groups = Map.groupBy(FAULTS, ({ group }) => group);
  return [
    '# Fault matrix',
    '',
    '<!-- Made by `npm run docs` from test/fault/matrix/. -->',
    '',
    'What may go wrong, at which step of [the line](architecture.md#the-twelve-steps), and what must be so afterwards. Every ✓ is',
    'a test that is named below; – cannot happen there, for the reason given below. What a machine must have for some of them is in',
    '[testing.md](testing.md#what-the-machine-must-have): where it has not, they are skipped, and the run says so.',
    '',
    '`npm run torture` strikes at all steps at random and checks the outcome alone: see [testing.md](testing.md#torture).',
    '',
    `| fault | ${STEP_NAMES.map((step) => STEPS[step]).join(' | ')} |`,
    `| --- | ${STEP_NAMES.map(() => ':-:').join(' | ')} |`,
    ...FAULTS.map(
      (fault) =>
        `| ${fault.group}: ${fault.fault} | ${STEP_NAMES.map((step) => markOf(fault, step)).join(' | ')} |`,
    ),
    '',
    ...[...groups].flatMap(([group, faults]) => [`## ${titleOf(group)}`, '', ...faults.flatMap(section)]),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

const markOf = ({ cells }: Fault, step: Step): string => (cells[step] === undefined ? '–' : '✓');

const titleOf = (group: string): string => `${group.slice(0, 1).toUpperCase()}${group.slice(1)}`;

function section(fault: Fault): string[] {
  const shown = STEP_NAMES.flatMap((step) => {
    const cell = fault.cells[step];
    if (cell === undefined) return [];
    const tests = cell.tests.map(([file, name]) => `  - \`test/${file}\`: ${name}`);
    return [`- ${STEPS[step]}: **${cell.end}**`, ...tests];
  });
  const never = fault.never === undefined ? [] : [`- –: ${fault.never.why}`];
  return [`### ${fault.fault}`, '', ...shown, ...never, ''];
}
