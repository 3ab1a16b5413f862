import { type ErrorCode, IngestError } from '../core/errors.ts';
import { redact } from './redact.ts';

/** What an answer must tell for `errorOfStatus`; an `HttpAnswer` is one. */
export type Refusal = {
  readonly status: number;
  readonly text: string;
  readonly location?: string | undefined;
  readonly retryAfterMs?: number | undefined;
};

type Verdict = { readonly code: ErrorCode; readonly hint: string };

const BUSY: Verdict = {
  code: 'DESTINATION_BUSY',
  hint: 'Nothing to do: it is tried again later. If it lasts for days, ask the operator of the platform.',
};
const REFUSED: Verdict = {
  code: 'BATCH_REFUSED',
  hint: 'The platform calls the request malformed, so sending it again cannot help. Its own words are in the message.',
};
const TOKEN: Verdict = {
  code: 'TOKEN_REJECTED',
  hint: '`nightjar check` tells what is wrong with it. The batch is kept and goes out once the token is taken again.',
};
const URL_WRONG: Verdict = {
  code: 'CONFIG_INVALID',
  hint: 'Check the URL configured for this destination: something else than its API answers there.',
};

/** The one table of statuses. What a platform says with the same status but in other words is its adapter's. */
const VERDICTS: Readonly<Record<number, Verdict>> = {
  401: TOKEN,
  403: TOKEN,
  404: URL_WRONG,
  405: URL_WRONG,
  408: BUSY,
  409: {
    code: 'TARGET_CONFLICT',
    hint: 'Something else is already at the target: look there before a requeue.',
  },
  413: {
    code: 'FILE_TOO_LARGE',
    hint: 'The platform or a proxy before it limits the size of a request: raise that limit or lower max_bytes.',
  },
  429: BUSY,
  504: {
    code: 'DESTINATION_UNCLEAR',
    hint: 'A proxy gave up waiting; the platform may have the data. It is sent again, which replaces and never doubles.',
  },
  507: { code: 'QUOTA_EXCEEDED', hint: 'The platform has no room left: ask its operator.' },
};

/** The IngestError of an answer that is not a success. `attempted` says what was asked of which thing. */
export function errorOfStatus(answer: Refusal, attempted: string): IngestError {
  const verdict = verdictOf(answer.status);
  const said = summaryOf(answer.text);
  const target = answer.location === undefined ? '' : ` to ${redact(answer.location)}`;
  const words = said === '' ? '' : `: ${said}`;
  return new IngestError(verdict.code, `${attempted}: answered ${answer.status}${target}${words}`, {
    hint: verdict.hint,
    retryAfterMs: answer.retryAfterMs,
    context: { status: answer.status },
  });
}

function verdictOf(status: number): Verdict {
  const listed = VERDICTS[status];
  if (listed !== undefined) return listed;
  if (status >= 500) return BUSY;
  // A redirect is never followed: it would carry the credential to an address nobody configured.
  if (status >= 300 && status < 400) return URL_WRONG;
  if (status >= 400) return REFUSED;
  return {
    code: 'DESTINATION_UNCLEAR',
    hint: 'The answer is none that was expected; it is asked again later.',
  };
}

/** One line of what was answered, at most 300 characters, without markup and credentials. */
export function summaryOf(text: string): string {
  const pieces = text
    .slice(0, 20_000)
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, ' ')
    .split(/<[^>]*>/)
    // Control characters of a stranger do not reach terminals.
    .map((piece) => piece.replace(/[\s\p{Cc}]+/gu, ' ').trim())
    .filter((piece) => piece !== '');
  // The title of a page is mostly its heading too.
  const safe = redact([...new Set(pieces)].join(' '));
  return safe.length > 300 ? `${safe.slice(0, 299)}…` : safe;
}
