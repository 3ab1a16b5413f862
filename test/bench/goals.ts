import type { DispatchFigures } from './dispatch-bench.ts';
import type { EveningFigures } from './evening-bench.ts';
import type { MappingFigures } from './mapping-bench.ts';
import { CHANGES, type ScanFigures } from './scan-bench.ts';

/** What one run of the benches measured; what was not asked for is missing. */
export type Measured = {
  readonly scan?: ScanFigures | undefined;
  readonly mapping?: MappingFigures | undefined;
  readonly small?: EveningFigures | undefined;
  readonly large?: EveningFigures | undefined;
  readonly dispatch?: DispatchFigures | undefined;
};

/** One line of the table. `met` undefined: this run does not tell. */
export type GoalLine = {
  readonly goal: string;
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean | undefined;
};

const NOT_MEASURED = 'not measured';

/** Every goal beside what was measured for it, most important line of each first. */
export function goalLines({ scan, mapping, small, large, dispatch }: Measured): GoalLine[] {
  return [
    ...scanLines(scan),
    missing('P3', 'share with latency', '≤ 0.15 of find'),
    ...eveningLines('P4', small, [
      ['sha256sum, then zip and curl', 0.55],
      ['zip and curl', 1],
    ]),
    ...eveningLines('P5', large, [['zip and curl', 0.4]]),
    ...mappingLines(mapping),
    ...memoryLines({ scan, small, large }),
    dispatch === undefined
      ? missing('P7', 'planned to begun, 10,000 batches waiting', '≤ 50 ms a batch')
      : {
          goal: 'P7',
          what: `planned to begun and recorded, ${count(dispatch.waiting)} batches waiting in ${dispatch.lanes} lanes`,
          limit: '≤ 50 ms a batch',
          measured: `${dispatch.msPerBatch.toFixed(1)} ms a batch`,
          met: dispatch.msPerBatch <= 50,
        },
    missing('P8', 'two hosts of workers against one', '≥ 1.8 times the rate'),
  ];
}

function scanLines(scan: ScanFigures | undefined): GoalLine[] {
  if (scan === undefined)
    return [
      missing('P1', 'first scan, recorded', '≤ 1.4 of find'),
      missing('P2', 'unchanged scan', '≤ 1.1 of find'),
    ];
  const { find, first, second, changed, start } = scan;
  const files = `${count(scan.files)} files in ${count(scan.directories)} directories, warm`;
  return [
    atMost('P1', `first scan, recorded; ${files}`, { of: 'find', ratio: first / find, limit: 1.4 }),
    atMost('P1', '… without starting the scanner', { of: 'find', ratio: (first - start) / find, limit: 1.4 }),
    missing('P1', '… cold', '≤ 0.8 of find'),
    atMost('P2', `unchanged scan, full look; ${files}`, { of: 'find', ratio: second / find, limit: 1.1 }),
    atMost('P2', '… without starting the scanner', {
      of: 'find',
      ratio: (second - start) / find,
      limit: 1.1,
    }),
    atMost('P2', `scan after ${count(CHANGES)} files have changed`, {
      ...{ of: 'find', ratio: changed / find, limit: 1.1 },
    }),
    missing('P2', '… skipping unchanged directories', '≤ 0.10 of find'),
  ];
}

function eveningLines(
  goal: string,
  figures: EveningFigures | undefined,
  peers: readonly (readonly [of: string, limit: number])[],
): GoalLine[] {
  return peers.flatMap(([of, limit]) => {
    if (figures === undefined) return [missing(goal, 'evening', `≤ ${limit} of ${of}`)];
    const peer = of === 'zip and curl' ? figures.zipCurl : figures.sumsThenZipCurl;
    const { tree, pipeline, evening, fixed } = figures;
    return [
      atMost(goal, `pack and send alone, ${tree}`, { of, ratio: pipeline / peer, limit }),
      atMost(goal, `evening without its fixed part, ${tree}`, { of, ratio: (evening - fixed) / peer, limit }),
      atMost(goal, `whole evening with start and stop, ${tree}`, { of, ratio: evening / peer, limit }),
    ];
  });
}

/** No goal was set: it must stay of the order of the simplest thing that could be written. */
function mappingLines(mapping: MappingFigures | undefined): GoalLine[] {
  if (mapping === undefined) return [];
  const { paths, rules, assign, expression } = mapping;
  return [
    {
      goal: '–',
      what: `mapping ${count(paths)} paths through ${count(rules)} rules`,
      limit: 'no goal; ratio to one regular expression a path',
      measured: (assign / expression).toFixed(2),
      met: undefined,
    },
  ];
}

/** The goal is for a million files: a smaller share can miss it, but never meets it. */
function memoryLines({ scan, small, large }: Measured): GoalLine[] {
  const limit = '≤ 350 MiB at 1,000,000 files';
  const peak = (what: string, mib: number): GoalLine => ({
    goal: 'P6',
    what,
    limit,
    measured: `${mib} MiB`,
    met: mib <= 350 ? undefined : false,
  });
  const evenings = [small, large].flatMap((figures) =>
    figures === undefined
      ? []
      : [
          peak(`all processes of an evening, ${figures.tree}`, figures.peakMiB),
          peak(`pack and send alone, ${figures.tree}`, figures.pipelinePeakMiB),
        ],
  );
  const scans =
    scan === undefined
      ? []
      : [
          peak(`first scan, ${count(scan.files)} files`, scan.peakMiB),
          peak(`unchanged scan, ${count(scan.files)} files`, scan.againPeakMiB),
        ];
  return [...scans, ...evenings, missing('P6', 'an evening over 1,000,000 files', limit)];
}

function atMost(
  goal: string,
  what: string,
  { of, ratio, limit }: { readonly of: string; readonly ratio: number; readonly limit: number },
): GoalLine {
  return {
    goal,
    what,
    limit: `≤ ${limit.toFixed(2)} of ${of}`,
    measured: ratio.toFixed(2),
    met: ratio <= limit,
  };
}

function missing(goal: string, what: string, limit: string): GoalLine {
  return { goal, what, limit, measured: NOT_MEASURED, met: undefined };
}

const count = (value: number): string => value.toLocaleString('en-US');

/** The lines as a Markdown table, readable as it is. */
export function goalTable(lines: readonly GoalLine[]): string {
  const rows = lines.map(({ goal, what, limit, measured, met }) => [
    goal,
    what,
    limit,
    measured,
    verdict(met),
  ]);
  const head = ['goal', 'what', 'goal is', 'measured', 'met'];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? 'yes' : 'no';
}
