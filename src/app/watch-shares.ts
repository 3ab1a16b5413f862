import type { Config, ShareConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError } from '../core/errors.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { WatchState } from '../ledger/watches.ts';
import type { Log } from '../log/open-log.ts';
import { type WatchEvent, watchShare } from '../share/watch-share.ts';
import { createEarlyLooks } from './early-looks.ts';

export type WatchParts = {
  readonly config: Pick<Config, 'shares'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn'>;
  /** Who we are, as `status` finds it. */
  readonly holder: string;
};

/** Listens to the shares until the signal, and gives early looks. Never fails: who does not listen looks in the evening. */
export type WatchShares = (signal: AbortSignal) => Promise<void>;

/** Made once for a daemon, which calls it between evenings: what was said once is not said again every day. */
export function createWatching(parts: WatchParts): WatchShares {
  const told = new Map<string, string>();
  const tell = (share: ShareConfig, state: WatchState): void => {
    save(parts, share, state);
    const { state: how, ...rest } = state;
    // Numbers and paths differ from day to day: what is new is how it stands, and why.
    const what = `${how} ${state.code ?? ''}`;
    if (how === 'starting' || how === 'resting' || told.get(share.name) === what) return;
    told.set(share.name, what);
    const level = how === 'failed' ? 'warn' : 'info';
    parts.log[level]({ share: share.name, ...rest }, how === 'watching' ? 'watch.started' : `watch.${how}`);
  };
  const inTurn = createTurns();
  return async (signal) => {
    await Promise.all(
      parts.config.shares.map(async (share) => {
        if (share.watch.mode === 'off')
          return tell(share, { state: 'off', reason: 'the configuration says so' });
        tell(share, { state: 'starting' });
        await listen({ ...parts, share, tell: (state) => tell(share, state), inTurn }, signal);
      }),
    );
  };
}

/** Only `status` reads it: a ledger that cannot be written ends no listening, and others tell of it. */
function save({ ledger, holder, clock, log }: WatchParts, { name }: ShareConfig, state: WatchState): void {
  try {
    ledger.watches.save({ share: name, holder, at: clock.now(), ...state });
  } catch (thrown) {
    log.debug(
      { share: name, error: asIngestError(thrown, 'record how a share is watched') },
      'watch.unsaved',
    );
  }
}

type Turns = (turn: () => Promise<void>) => Promise<void>;

/** Runs what it is given one after the other. */
function createTurns(): Turns {
  let last = Promise.resolve();
  return (turn) => {
    last = last.then(turn);
    return last;
  };
}

type Listening = Omit<WatchParts, 'config'> & {
  readonly share: ShareConfig;
  readonly tell: (state: WatchState) => void;
  readonly inTurn: Turns;
};

async function listen(parts: Listening, signal: AbortSignal): Promise<void> {
  const { share, tell } = parts;
  const { mode, depth, limit, pauseMs } = share.watch;
  if (mode === 'off') return;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const looks = createEarlyLooks(parts, until);
  try {
    for await (const event of watchShare(share, { mode, depth, limit, pollMs: pauseMs, signal: until })) {
      if (event.kind !== 'changed') tell(stateOf(event));
      else looks.add(event.dirs);
    }
    if (signal.aborted) tell({ state: 'resting' });
  } catch (thrown) {
    const { code, message, hint } = asIngestError(thrown, `watch share ${share.name}`);
    tell({ state: 'failed', reason: message, code, hint });
  } finally {
    over.abort();
    await looks.ended();
  }
}

function stateOf(event: Exclude<WatchEvent, { kind: 'changed' }>): WatchState {
  if (event.kind === 'off')
    return { state: 'off', reason: `a file system (${event.fsType}) that does not tell of all changes` };
  const { directories, whole } = event;
  return { state: 'watching', directories, whole };
}
