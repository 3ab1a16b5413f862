import { statSync } from 'node:fs';
import { systemCode } from '../core/errors.ts';
import type { Log } from '../log/open-log.ts';
import type { FileStanding } from './mapping-in-force.ts';
import type { DeliveryWindow } from './serve-evenings.ts';
import { type MappingEvent, tellOfMapping } from './tell-of-mapping.ts';
import { tellPassing } from './tell-passing.ts';
import { withdrawOutdated } from './withdraw-outdated.ts';
import type { Workspace } from './workspace.ts';

export type ReloadParts = {
  readonly workspace: Workspace;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly window: DeliveryWindow;
  readonly emit: (event: MappingEvent) => void;
  /** The dispatcher should look again. */
  readonly wake: () => void;
  /** Who takes a mapping over, for the ledger. */
  readonly holder: string;
  readonly hangUp: HangUp;
};

/** Somebody asked for a reload (SIGHUP), or the file has changed. */
export type HangUp = { isAsked: boolean };

/** How often the file and the ledger are looked at. */
const LOOK_MS = 1000;

/**
 * Takes over a changed folders.yaml, and a mapping that a person accepted, whenever no evening is under way: an evening
 * keeps its mapping from beginning to end. The file is looked at when it has changed and is quiet, or on SIGHUP.
 */
export async function reloadMapping(parts: ReloadParts): Promise<void> {
  const { workspace, signal, window, hangUp, log } = parts;
  const file = watched(workspace.config.files.folders);
  const teller = tellOnce(parts);
  const look = tellPassing({
    attempted: 'reload the folder mapping',
    begun: (error) => log[error.disposition === 'retry' ? 'warn' : 'error']({ error }, 'mapping.failed'),
    // What does not pass by itself was given up: that the next look has nothing to do says nothing.
    over: ({ disposition }) => {
      if (disposition === 'retry') log.info('mapping.back');
    },
  });
  while (!signal.aborted) {
    await workspace.clock.sleep(LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    if (file.hasChanged()) hangUp.isAsked = true;
    if (window.isRunning) continue;
    const error = look(() => lookOnce(parts, teller));
    // What passes is tried again, and so is the reload that somebody asked for.
    if (error !== undefined && error.disposition !== 'retry') hangUp.isAsked = false;
  }
}

function lookOnce(parts: ReloadParts, teller: (standing: FileStanding) => void): void {
  const { workspace, hangUp, log } = parts;
  const { mapping } = workspace;
  const isAccepted = mapping.follow();
  if (isAccepted) {
    takenOver(parts);
    log.info({ by: mapping.accepted()?.by }, 'mapping.accepted');
  }
  if (!isAccepted && !hangUp.isAsked) return;
  const standing = mapping.takeOver(parts.holder);
  if (standing.kind === 'harmless') takenOver(parts);
  // What is being delivered right now decides whether anything moves: asked again when it has ended.
  hangUp.isAsked = standing.kind === 'under-way';
  if (standing.kind !== 'under-way') teller(standing);
}

/** Waiting batches that the new mapping would not make are withdrawn; what is in flight is held against it as it starts. */
function takenOver({ workspace, wake }: ReloadParts): void {
  withdrawOutdated(workspace);
  wake();
}

/** A refusal is told once, until the file is another or is well again. */
function tellOnce({ workspace, emit, log }: ReloadParts): (standing: FileStanding) => void {
  let told = textOf(workspace.mapping.standing());
  return (standing) => {
    const text = textOf(standing);
    if (text !== '' && text === told) return;
    if (standing.kind === 'in-force') log.info({}, 'mapping.in-force');
    told = text;
    tellOfMapping(standing, workspace, emit);
  };
}

function textOf(standing: FileStanding): string {
  if (standing.kind === 'invalid') return standing.error.message;
  return standing.kind === 'moves' ? standing.next.mapping.text : '';
}

/** Says of a file whether it is another than when it was last asked; one that is being written is not, yet. */
function watched(file: string): { readonly hasChanged: () => boolean } {
  // Not known at first: it may have changed since the configuration was read.
  let settled = '';
  let seen = '';
  return {
    hasChanged: () => {
      const before = seen;
      seen = signatureOf(file);
      if (seen !== before || seen === settled) return false;
      settled = seen;
      return true;
    },
  };
}

/** A file that cannot be looked at has a signature too: what reads it says why, once. */
function signatureOf(file: string): string {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
  } catch (thrown) {
    return systemCode(thrown) ?? 'unknown';
  }
}
