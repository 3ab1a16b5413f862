import type { Account, Asks } from '../core/account.ts';
import type { ContainerMetadata } from '../core/container-metadata.ts';
import type { Content } from '../core/content.ts';
import type { IngestError } from '../core/errors.ts';
import type { Batch, Receipt } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import type { Standstill } from '../core/standstill.ts';

/** What every call carries: the owner's own credential (undefined where none is needed) and the stop signal. */
export type Call = {
  readonly token: Secret | undefined;
  readonly signal: AbortSignal;
  /** Of a delivery: told when nothing moves for a while, so that others need not wait for it. */
  readonly standstill?: Standstill | undefined;
  /** `find` asks once, and does not wait for the end of what the destination works on. */
  readonly once?: true;
};

/** Plain data, a handful: what the planner must respect. */
export type Limits = {
  /** Bytes of one batch. */
  readonly maxBytes: number;
  /** Files of one batch. */
  readonly maxFiles: number;
  /** Bytes that one container should have at most; undefined: as many as there are. */
  readonly maxContainerBytes?: number;
  /** Parcels that one container may refuse after it took the whole of them; then another is used. */
  readonly maxRefused?: number;
  /** False: `send` reads `content.files`, true: `content.parcel`. */
  readonly acceptsZip: boolean;
};

/** Plain JSON, stored in the ledger before any byte moves. `id` is the destination's own name for the container. */
export type RemoteContainer = {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** Whose account it was made in, where the destination tells. */
  readonly account?: string;
};

/**
 * What every destination promises. An adapter holds no credential and no state, retries nothing, logs nothing of its
 * own, and passes `test/contract/destination.contract.ts` unchanged. Failures are IngestErrors.
 */
export interface Destination {
  /** "directory", "nomad": for config and logs. */
  readonly kind: string;
  readonly limits: Limits;
  /**
   * Reachable, and the credential is taken? Answers with a sentence for an operator; creates nothing. Where free space can
   * be told, DISK_FULL with less of it than `room` bytes.
   */
  check(call: Call & { readonly room?: number }): Promise<string>;
  /** The name of the container this batch belongs in: the same batch, the same name. */
  containerName(batch: Batch): string;
  /** Makes the container of that name. Called once a container: its answer is in the ledger before `send`. */
  open(name: string, call: Call): Promise<RemoteContainer>;
  /**
   * Containers of that name into which nothing was ever sent; undefined: the credential may not look. Asked only where
   * the answer to `open` was lost. Without it, one more is made.
   */
  findEmpty?(name: string, call: Call): Promise<readonly RemoteContainer[] | undefined>;
  /** Puts the bytes; doing it again replaces, never doubles. Nothing is written after the signal is aborted. */
  send(container: RemoteContainer, content: Content, call: Call): Promise<void>;
  /** Reports what the destination says it has, never more. */
  close(container: RemoteContainer, content: Content, call: Call): Promise<Receipt>;
  /**
   * The receipt of a batch that went out whole and was not answered for to the end, if it is there all the same; else
   * why it is not: it has to be sent. Throws where that cannot be told now. Asked only where nothing was sent into the
   * container since. Without it, such a batch is always sent again, and one that is accepted stays so.
   */
  find?(container: RemoteContainer, content: Content, call: Call): Promise<Receipt | IngestError>;
  /**
   * Whether a delivered batch is still there as it was delivered, asked long after. Changes nothing, asks a bounded number
   * of times, does not wait. Throws where that cannot be told now: a destination that is away or busy is no answer.
   */
  audit?(container: RemoteContainer, content: Content, audit: AuditCall): Promise<Audited>;
  /** How a container is described; without it, what the mapping says of data is not for this destination. */
  readonly describing?: Describing;
  /** How a container is published; without it, nothing of this destination is. */
  readonly publishing?: Publishing;
  /** What lies in the account, whoever put it there; undefined: nobody wants to know, or this token never may read. */
  account?(call: Call, asks: Asks): Account | undefined;
}

/** `maxBytes`: the most that is read back of the batch; `seed`: by which its files are drawn. */
export type AuditCall = { readonly call: Call; readonly maxBytes: number; readonly seed: string };

/** `wrong`: sentences about what is not there as it was delivered, none: it is; `how` that is known. */
export type Audited = {
  readonly how: string;
  readonly wrong: readonly string[];
  /** The container is gone, and with it all that went into it. */
  readonly containerGone?: boolean;
};

/** A container that says who else may see it, and what its data belongs to. */
export type Describing = {
  /** The text that says so, after `before` was said; undefined: there is nothing to say. The same again is the same. */
  readonly document: (metadata: ContainerMetadata, before: string | undefined) => string | undefined;
  /**
   * Puts it there. Without `replace` only where there is none: somebody else's stays, and the answer is `foreign`.
   * `begin` is called right before anything of it goes out, and not when it fails before that.
   */
  readonly put: (
    container: RemoteContainer,
    put: { readonly document: string; readonly replace: boolean; readonly begin: () => void },
    call: Call,
  ) => Promise<'put' | 'foreign'>;
};

/** Whether a container is published, or may be. `said`: in the destination's words or ours, for a person. */
export type Publicness =
  | { readonly kind: 'published' }
  /** Something is being done in it: nobody can say yet. */
  | { readonly kind: 'busy' }
  /** `foreign`: what is in it and is not of the batch, nor put there by us. */
  | { readonly kind: 'open'; readonly foreign: readonly string[] }
  /** The credential may not look, or may not publish. */
  | { readonly kind: 'may-not'; readonly said: string }
  /** It will never be published as it is. */
  | { readonly kind: 'refused'; readonly said: string };

/** What is to be public. `isDescribed`: what describes the container was put there by us. */
export type Public = {
  readonly content: Content;
  readonly isDescribed: boolean;
  readonly embargoMonths: number | undefined;
};

/** Makes a container public, which cannot be undone. Doing it again to the same container changes nothing. */
export type Publishing = {
  /** What the credential lacks, in words; undefined: nothing. Changes nothing. Throws where it cannot be told now. */
  readonly lacking: (call: Call) => Promise<string | undefined>;
  /** Changes nothing. Throws where it cannot be told now. */
  readonly look: (container: RemoteContainer, what: Public, call: Call) => Promise<Publicness>;
  /** Asks for it once and waits some minutes for its end. After a throw it may have happened all the same. */
  readonly publish: (container: RemoteContainer, what: Public, call: Call) => Promise<Publicness>;
};
