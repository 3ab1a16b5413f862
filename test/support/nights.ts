import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileHasher } from '../../src/app/hash-files.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Batch } from '../../src/core/model.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import type { NightlyEvent, NightlyParts } from '../../src/nightly/parts.ts';
import { runNightly } from '../../src/nightly/run-nightly.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import type { ShareNode } from './build-share.ts';
import { type CliLab, cliLab } from './cli-lab.ts';

/** A small lab whose evenings run in this process, one after another by a clock that a test moves by days. */
export type Nights = CliLab & {
  /** The evening as `nightjar run` has it, but that deliveries are recorded as done without a destination. */
  readonly evening: (
    onEvent?: (event: NightlyEvent) => Promise<void> | void,
    how?: How,
  ) => Promise<RunReport>;
  readonly advance: (ms: number) => void;
};

type How = {
  readonly deliver?: 'all' | 'hold';
  /** Files whose content a disk does not give, as an I/O error would have it. */
  readonly eio?: readonly string[];
};

export async function nights(
  tree: Readonly<Record<string, ShareNode>>,
  options: {
    readonly settle?: string;
    readonly extra?: string;
    readonly asNobody?: boolean;
    readonly folders?: string;
    readonly destinations?: string;
    readonly shareKeys?: string;
  } = {},
): Promise<Nights> {
  let ahead = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const lab = await cliLab(tree, { ...options, clock });
  const evening: Nights['evening'] = async (onEvent, how) => {
    const http = createHttpClient({ userAgent: 'test', clock });
    const config = loadConfig({ env: {}, home: '/nonexistent', file: lab.config });
    using workspace = openWorkspace(config, { clock, http });
    await using hasher = createFileHasher(config.shares, { clock, stateDir: config.stateDir });
    const told: Promise<void>[] = [];
    try {
      return await runNightly(
        partsOf(workspace, clock, {
          deliver: how?.deliver ?? 'all',
          hashFiles: async (share, files, signal) => {
            const found = new Map(await hasher.hash(share, files, signal));
            for (const { path } of files) if (how?.eio?.includes(path)) found.set(path, 'unreadable');
            return found;
          },
          emit: (event) => void told.push(Promise.resolve(onEvent?.(event))),
        }),
        undefined,
        new AbortController().signal,
      );
    } finally {
      await Promise.all(told);
      await http.close();
    }
  };
  return {
    ...lab,
    evening,
    advance: (ms) => {
      ahead += ms;
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

type Doings = Pick<NightlyParts, 'emit' | 'hashFiles'> & { readonly deliver: 'all' | 'hold' };

function partsOf(
  workspace: ReturnType<typeof openWorkspace>,
  clock: Clock,
  { emit, hashFiles, deliver }: Doings,
): NightlyParts {
  const { ledger, config, assign, limitsOf, laneOf, mapping, accounts } = workspace;
  return {
    ...{ ledger, clock, emit, assign, limitsOf, laneOf, accounts, shares: config.shares },
    mappingKey: () => mapping.current().key,
    hasOwners: () => true,
    ...{ hashFiles, compareMs: config.compareLimitMs },
    wake: () => undefined,
    delivered: () => {
      if (deliver === 'hold') holdAll(workspace, clock);
      for (const { id } of ledger.list({ states: ['planned'] })) {
        ledger.batches.markQueued(id, clock.now());
        const batch = ledger.batches.begin(id, clock.now());
        ledger.batches.sending(batch, { id: 'c', name: 'c', location: 'c' });
        const receipt = { evidence: 'verified', how: 'by the test', location: '/srv' } as const;
        const { files, bytes } = batch;
        ledger.batches.deliver(
          batch,
          { ...receipt, files: files.length, bytes },
          hashesOf(batch, config.shares),
          clock.now(),
        );
      }
      return Promise.resolve();
    },
    maxWaitMs: config.settleWaitMs,
    settleNights: config.settleNights,
    stallMs: 60_000,
  };
}

/** SHA-256 of each file of the batch, as a delivery finds them. */
function hashesOf({ share, files }: Batch, shares: NightlyParts['shares']): Buffer {
  const root = shares.find(({ name }) => name === share)?.root ?? '';
  return Buffer.concat(
    files.map(({ path }) =>
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest(),
    ),
  );
}

/** As a refused token would leave them. */
function holdAll({ ledger }: ReturnType<typeof openWorkspace>, clock: Clock): void {
  for (const { id } of ledger.list({ states: ['planned'] })) {
    ledger.batches.markQueued(id, clock.now());
    const error = { code: 'TOKEN_REJECTED', message: 'by the test', hint: 'Mend it.', at: clock.now() };
    ledger.batches.fail(ledger.batches.begin(id, clock.now()), { to: 'held', error });
  }
}
