/** A whole evening, as a person runs it, against what one would script: `nightjar run --json` in processes of its own. */
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { LAUNCHER, type Lab, startLab } from '../support/lab.ts';
import { alternate, peakMemory, processTree } from './measure.ts';
import { openPipeline } from './pack-bench.ts';
import { startSink, sumsThenZipCurl, zipCurl } from './sink.ts';
import { type Tree, writeTree } from './write-tree.ts';

/** Seconds are medians of the rounds; memory is the peak of all Nightjar's processes together, Redis included. */
export type EveningFigures = {
  readonly tree: string;
  readonly evening: number;
  /** The same evening with one file: starts, waits between questions to the platform, and the stop. */
  readonly fixed: number;
  /** Packing and sending alone, in processes that run already. */
  readonly pipeline: number;
  readonly zipCurl: number;
  readonly sumsThenZipCurl: number;
  readonly peakMiB: number;
  readonly pipelinePeakMiB: number;
};

const FOLDERS = `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: { nomad: { token: mueller } }
collector: { nomad: { token: collector } }
`;

/** Measures evenings, the pipeline and the two scripts, alternating. Writes and removes its own share. */
export async function eveningFigures(
  tree: Tree,
  rounds: { readonly rounds: number; readonly warm?: boolean },
): Promise<EveningFigures> {
  await using sink = await startSink();
  await using lab = await benchLab(sink.url);
  await using small = await benchLab(sink.url);
  writeTree(join(lab.share, 'SEM1/mueller/run1'), tree);
  writeTree(join(small.share, 'SEM1/mueller/run1'), { ...tree, files: 1, bytes: 1 });
  await using pipeline = openPipeline(lab.share, lab.root, sink.url);
  const seconds = await alternate(
    {
      evening: async () => await evening(lab, tree.files),
      fixed: async () => await evening(small, 1),
      pipeline: pipeline.send,
      zipCurl: async () => await zipCurl(lab.share, sink.url),
      sumsThenZipCurl: async () => await sumsThenZipCurl(lab.share, sink.url),
    },
    rounds,
  );
  let root = 0;
  const peakMiB = await peakMemory(
    () => processTree(root),
    async () => await evening(lab, tree.files, (pid) => (root = pid)),
  );
  const pipelinePeakMiB = await peakMemory(() => processTree(process.pid, [sink.pid]), pipeline.send);
  return { tree: tree.name, ...seconds, peakMiB, pipelinePeakMiB };
}

async function benchLab(url: string): Promise<Lab> {
  const lab = await startLab({
    folders: FOLDERS,
    destinations: `  nomad: { kind: nomad, base_url: "${url}/api/v1" }`,
    extra: 'credentials: { dir: tokens }',
  });
  mkdirSync(join(lab.root, 'tokens'), { mode: 0o700 });
  writeFileSync(join(lab.root, 'tokens', 'mueller'), uploadToken(), { mode: 0o600 });
  return lab;
}

/** In the form of NOMAD 1.4: user id and HMAC-SHA-256, base64url; nobody checks it here. */
function uploadToken(): string {
  const user = Buffer.alloc(16, 1);
  return `${user.toString('base64url')}.${createHmac('sha256', 'bench').update(user).digest('base64url')}`;
}

/** One first evening of the share; throws unless every file was delivered and confirmed. */
async function evening(lab: Lab, files: number, started?: (pid: number) => void): Promise<void> {
  rmSync(join(lab.root, 'state'), { recursive: true, force: true });
  const child = spawn(LAUNCHER, ['run', '--json'], { cwd: lab.root, stdio: ['ignore', 'pipe', 'inherit'] });
  started?.(child.pid ?? 0);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(child, 'close');
  const report = JSON.parse(out) as RunReport;
  const done = report.deliveries.filter(({ evidence }) => evidence === 'confirmed');
  if (report.outcome === 'done' && done.reduce((sum, line) => sum + line.files, 0) === files) return;
  throw new Error(`the evening ended ${report.outcome}: ${JSON.stringify(report.notes.slice(0, 3))}`);
}
