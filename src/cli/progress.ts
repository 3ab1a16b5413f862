import type { EngineEvent } from '../app/engine.ts';
import { plainText } from '../core/plain-output.ts';
import { printable } from '../core/share-path.ts';
import { count, formatBytes, formatDuration } from '../core/units.ts';
import { acceptHelp, underSuspicion } from '../nightly/by-suspicion.ts';
import type { CliContext } from './context.ts';
import { outageSentence } from './render-outages.ts';
import { clockTime, style } from './style.ts';

export type Progress = { readonly show: (event: EngineEvent) => void; readonly end: () => void };

/** What the bar is drawn from. Bytes of batches planned and sent in this run. */
type State = {
  planned: number;
  plannedBytes: number;
  done: number;
  doneBytes: number;
  failed: number;
  startedAt: number;
  readonly sent: Map<string, number>;
  drawnAt: number;
  line: string;
};

const DRAW_MS = 100;
const BAR_WIDTH = 24;

/** Follows a run on standard error: one live bar with rate and time left on a terminal, plain lines elsewhere. */
export function createProgress(context: CliContext, { quiet }: { readonly quiet: boolean }): Progress {
  const { err, clock } = context;
  const live = err.isTTY && !quiet;
  const state: State = {
    planned: 0,
    plannedBytes: 0,
    done: 0,
    doneBytes: 0,
    failed: 0,
    startedAt: 0,
    drawnAt: 0,
    line: '',
    sent: new Map(),
  };

  const clear = (): void => {
    if (live && state.line !== '') err.write('\r\u001b[2K');
    state.line = '';
  };
  const draw = (line: string, force = false): void => {
    const now = clock.monotonic();
    if (!live || (!force && now - state.drawnAt < DRAW_MS)) return;
    state.drawnAt = now;
    const width = (err.columns ?? 80) - 1;
    clear();
    state.line = plainText(line).slice(0, width);
    err.write(state.line);
  };
  const say = (line: string): void => {
    if (quiet) return;
    clear();
    err.write(`${plainText(line)}\n`);
  };

  return {
    show: (event) => {
      keepTotals(state, event, clock.monotonic());
      const line = sentence(event, context);
      if (line !== undefined) say(line);
      const bar = barOf(event, state, context);
      if (bar !== undefined) draw(bar, line !== undefined);
    },
    end: clear,
  };
}

/** Keeps the totals. */
function keepTotals(state: State, event: EngineEvent, now: number): void {
  switch (event.name) {
    case 'batch.planned':
      if (state.planned === 0) state.startedAt = now;
      state.planned += 1;
      state.plannedBytes += event.plan.bytes;
      return;
    case 'delivery.progress':
      state.sent.set(event.batchId, event.bytes);
      return;
    case 'delivery.done':
      state.sent.delete(event.batch.id);
      state.done += 1;
      state.doneBytes += event.batch.bytes;
      return;
    case 'delivery.put-back':
      state.sent.delete(event.batch.id);
      return;
    case 'delivery.failed':
      state.sent.delete(event.batch.id);
      state.failed += 1;
      return;
    default:
  }
}

/** The line an event deserves; undefined for those that only move the bar. */
function sentence(event: EngineEvent, context: CliContext): string | undefined {
  const { err, clock } = context;
  const dim = (text: string): string => style(err, 'dim', text);
  switch (event.name) {
    case 'run.started':
      return `run ${event.run.id}`;
    case 'share.looking':
    case 'share.looked':
    case 'share.suspicious':
    case 'share.failed':
      return shareSentence(event, err);
    case 'run.waiting':
      return `waiting until ${clockTime(event.until, clock.now())}: ${count(event.files, 'file')} may still be changing`;
    case 'delivery.done':
      return `${style(err, 'green', event.receipt.evidence.padEnd(9))} ${event.batch.owner.padEnd(12)} ${printable(event.batch.dataset)} ${dim(`(${count(event.batch.files.length, 'file')}, ${formatBytes(event.batch.bytes)})`)}`;
    case 'delivery.failed':
      return `${style(err, 'yellow', event.decided.padEnd(9))} ${event.batch.owner.padEnd(12)} ${printable(event.batch.dataset)}: ${event.error.message}`;
    case 'mapping.refused':
      return style(err, 'red', `${event.error.code}: ${event.error.message}\n  ${event.error.hint}`);
    case 'mapping.taken-over':
      return 'the changed folders.yaml is in force from now on';
    case 'engine.trouble':
      return style(err, 'yellow', `${event.error.code}: ${event.error.message}`);
    default:
      return comparison(event, context);
  }
}

/** What is said of a Redis that may forget, a destination that is away, and of a lane that waits for its token. */
function waitSentence(event: EngineEvent, { err, clock }: CliContext): string | undefined {
  if (event.name === 'destination.away' || event.name === 'destination.back')
    return style(err, 'yellow', outageSentence(event, clock.now()));
  if (event.name === 'queue.may-forget') {
    const what = `Redis may forget jobs when its memory is full (maxmemory-policy ${event.policy})`;
    return style(err, 'yellow', `${what}. ${event.hint}`);
  }
  if (event.name === 'container.not-described')
    return `${event.container.name}: a metadata file that is not ours is there and stays as it is (docs/nomad.md)`;
  if (event.name === 'batch.published') return `${style(err, 'green', 'published')} ${event.said}`;
  if (event.name === 'batch.not-published')
    return style(err, 'yellow', `not published: ${event.batch.id}: ${event.said}`);
  if (event.name !== 'lane.refused' && event.name !== 'lane.resumed') return undefined;
  if (event.name === 'lane.resumed')
    return `${style(err, 'green', 'resumed')}   ${event.owner.padEnd(12)} the token is taken again`;
  const again = `asked again at ${clockTime(event.nextAt, clock.now())}`;
  return style(err, 'dim', `waiting   ${event.owner.padEnd(12)} ${again}: ${event.error.message}`);
}

/** What is said of files that are compared with what was delivered. */
function comparison(event: EngineEvent, context: CliContext): string | undefined {
  const { err } = context;
  switch (event.name) {
    case 'content.comparing':
      return `comparing ${count(event.files, 'file')} (${formatBytes(event.bytes)}) of ${event.share} with what was delivered`;
    case 'content.compared':
      return style(
        err,
        'dim',
        `  ${event.same} delivered before, ${event.different} other, ${event.left} left for the next evening`,
      );
    case 'content.failed':
      return style(err, 'yellow', `  ${event.error.message}\n  ${event.error.hint}`);
    case 'dataset.by-hand':
      return style(err, 'dim', `by hand   ${event.found.owner.padEnd(12)} ${printable(event.found.dataset)}`);
    case 'dataset.by-hand-gone': {
      const { owner, dataset, why } = event.found;
      return style(
        err,
        'yellow',
        `by hand   ${owner.padEnd(12)} ${printable(dataset)}: not any more, ${why}`,
      );
    }
    case 'account.unknown':
      return style(
        err,
        'yellow',
        `what ${event.owner} has uploaded could not be looked through: ${event.why}`,
      );
    default:
      return waitSentence(event, context);
  }
}

type ShareEvent = Extract<
  EngineEvent,
  { name: 'share.looking' | 'share.looked' | 'share.suspicious' | 'share.failed' }
>;

function shareSentence(event: ShareEvent, err: CliContext['err']): string {
  switch (event.name) {
    case 'share.looking':
      return event.again
        ? `looking again at ${event.share}, only where files had not settled`
        : `looking at ${event.share}`;
    case 'share.looked':
      return style(
        err,
        'dim',
        `  ${count(event.files, 'file')}${event.again ? ' there' : ''}, ${formatBytes(event.bytes)}`,
      );
    case 'share.failed':
      return style(err, 'red', `  ${event.error.message}\n  ${event.error.hint}`);
    case 'share.suspicious':
      return style(
        err,
        'red',
        `  ${underSuspicion(event.share, event.suspicion)}\n  ${acceptHelp(event.share)}`,
      );
  }
}

function barOf(event: EngineEvent, state: State, { clock }: CliContext): string | undefined {
  if (event.name === 'share.progress' || event.name === 'content.progress')
    return `  ${event.share}: ${count(event.files, 'file')}, ${formatBytes(event.bytes)}`;
  if (state.planned === 0 || event.name === 'run.finished') return undefined;
  const sent = state.doneBytes + [...state.sent.values()].reduce((sum, bytes) => sum + bytes, 0);
  const seconds = Math.max(0.001, (clock.monotonic() - state.startedAt) / 1000);
  const share = state.plannedBytes === 0 ? 1 : Math.min(1, sent / state.plannedBytes);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`;
  const rate = sent / seconds;
  const left =
    rate > 0 && share < 1
      ? `, ${formatDuration(Math.ceil((state.plannedBytes - sent) / rate) * 1000)} left`
      : '';
  return `[${bar}] ${state.done}/${state.planned} batches  ${formatBytes(sent)} of ${formatBytes(state.plannedBytes)}  ${formatBytes(rate)}/s${left}`;
}
