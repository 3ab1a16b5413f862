import type { IncomingMessage } from 'node:http';
import type { Answer } from './answers.ts';

export type Generation = 'v1.3' | 'v1.4';
/** `user1` to `user60` are there for evenings of many owners. */
export type UserName = 'alice' | 'bob' | 'collector' | 'admin' | `user${number}`;

/** One upload as the server keeps it; `dir` holds `raw/` on a real disk. */
export type Upload = {
  readonly id: string;
  readonly mainAuthor: string;
  readonly createTime: string;
  readonly dir: string;
  name: string | null;
  coauthors: string[];
  reviewers: string[];
  embargoLength: number;
  publishTime: string | null;
  completeTime: string | null;
  currentProcess: string | null;
  status: 'READY' | 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILURE';
  message: string | null;
  errors: string[];
  entries: number;
  /** Temp dirs in use or leaked; the old generation has room for 99 of one upload. */
  tempDirs: number;
  /** True: the access of its author and coauthors was taken away. */
  isTaken: boolean;
  readonly queue: Process[];
};

/** A scheduled process. `run` changes files or fields; a throw makes it a FAILURE with that message. */
export type Process = {
  readonly name: string;
  /** With `stopAfter` it does so much of its work, and no more. */
  readonly run: (stopAfter?: number) => Promise<void>;
  readonly done?: () => Promise<void>;
  /** publish, delete and import block what comes after them in the old generation as well. */
  readonly blocking?: boolean;
  /** v1.4, `trigger_processing=false`: files land, and the upload is READY, not SUCCESS (nomad/workflows/activities.py). */
  readonly onlyFiles?: boolean;
  /** It ends as FAILURE, whatever the test said of the next one. */
  readonly failure?: { readonly text: string; readonly merged: number };
};

/** What a test may do to one request. `afterBytes` counts bytes of the body that are let in first. */
export type Fault =
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  | { readonly kind: 'stall'; readonly afterBytes?: number }
  /** So many bytes of the body are taken, and the rest once that resolves. */
  | { readonly kind: 'pause'; readonly afterBytes: number; readonly until: Promise<void> }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** Answers only after the whole body was taken, like a proxy that spools. */
      readonly afterBody?: boolean;
      /** Everything happens, and then this is said, like a proxy whose patience is over. */
      readonly afterEffect?: boolean;
    }
  /** Nothing of it is read or done until that resolves. */
  | { readonly kind: 'wait'; readonly until: Promise<unknown> }
  /** The platform's own answer, so much later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** 200, and its process ends as FAILURE with this text, after so many members of the archive were merged. */
  | { readonly kind: 'fails'; readonly text: string; readonly merged: number }
  /** Everything happens, and then the connection is cut before the answer. */
  | { readonly kind: 'answer-lost' }
  /** 200, and the files are thrown away (FAIRmat-NFDI/nomad#136); with `process` a process runs and succeeds. */
  | { readonly kind: 'drop-files'; readonly process: boolean };

export type FaultHook = (request: Received) => Fault | undefined;

/** A request as the server saw it, kept for the test. The token is kept too: this is a test server. */
export type Received = {
  readonly index: number;
  readonly method: string;
  /** Below the API, still percent-encoded: "/uploads/x/raw/a%20b". */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Body bytes taken so far. */
  bodyBytes: number;
  status: number | undefined;
};

/** Everything a route needs. */
export type Visit = {
  readonly incoming: IncomingMessage;
  readonly seen: Received;
  readonly fault: Fault | undefined;
  /** Path parts after the matched route, percent-decoded. */
  readonly rest: string;
};

export type Route = (visit: Visit, uploadId: string) => Promise<Answer> | Answer;
