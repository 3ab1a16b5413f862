import { FAULTS } from '../fault/matrix/matrix.ts';
import { type Fault, STEPS, type Step } from '../fault/matrix/model.ts';

const STEP_NAMES = Object.keys(STEPS) as Step[];

/** docs/fault-matrix.md. */
export function faultMatrixPage(): string {
  const groups = Map.groupBy(FAULTS, ({ group }) => group);
  const gaps = FAULTS.reduce((sum, fault) => sum + STEP_NAMES.filter((step) => isGap(fault, step)).length, 0);
  return [
    '# Fault matrix',
    '',
    '<!-- Made by `npm run docs` from test/fault/matrix/. -->',
    '',
    'What may go wrong, at which step of [the line](architecture.md#the-twelve-steps), and what must be so afterwards. Every ✓ is',
    'a test that is named below; – cannot happen, for the reason given below; **·** is not shown by a test yet.',
    gaps === 0 ? 'Nothing is left open.' : `Still open: ${gaps}.`,
    '',
    '`npm run torture` strikes at all steps at random and checks the outcome alone: see [testing.md](testing.md#torture).',
    '',
    `| fault | ${STEP_NAMES.map((step) => STEPS[step]).join(' | ')} |`,
    `| --- | ${STEP_NAMES.map(() => ':-:').join(' | ')} |`,
    ...FAULTS.map(
      (fault) => `| ${fault.fault} | ${STEP_NAMES.map((step) => markOf(fault, step)).join(' | ')} |`,
    ),
    '',
    ...[...groups].flatMap(([group, faults]) => [`## ${titleOf(group)}`, '', ...faults.flatMap(section)]),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

const isNever = ({ never }: Fault, step: Step): boolean => never?.steps.includes(step) === true;
const isGap = (fault: Fault, step: Step): boolean => fault.cells[step] === undefined && !isNever(fault, step);

function markOf(fault: Fault, step: Step): string {
  if (fault.cells[step] !== undefined) return '✓';
  return isNever(fault, step) ? '–' : '**·**';
}

const titleOf = (group: string): string => `${group.slice(0, 1).toUpperCase()}${group.slice(1)}`;

function section(fault: Fault): string[] {
  const shown = STEP_NAMES.flatMap((step) => {
    const cell = fault.cells[step];
    if (cell === undefined) return [];
    const tests = cell.tests.map(([file, name]) => `  - \`test/${file}\`: ${name}`);
    return [`- ${STEPS[step]}: **${cell.end}**`, ...tests];
  });
  const open = STEP_NAMES.filter((step) => isGap(fault, step)).map((step) => STEPS[step]);
  const { never } = fault;
  return [
    `### ${fault.fault}`,
    '',
    ...shown,
    ...(never === undefined ? [] : [`- –: ${never.why}`]),
    ...(open.length === 0 ? [] : [`- not shown yet: ${open.join(', ')}`]),
    '',
  ];
}
