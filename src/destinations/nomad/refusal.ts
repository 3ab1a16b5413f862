import { type ErrorCode, IngestError } from '../../core/errors.ts';
import { errorOfStatus, summaryOf } from '../../http/error-of-status.ts';
import type { HttpAnswer } from '../../http/http-client.ts';
import { detailOf } from './api.ts';

type Meaning = {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryAfterMs?: number;
  /** The upload was published: what is in it stays there. */
  readonly published?: true;
};

const LOST =
  'Data of this batch was not taken. Let a new upload be opened for this owner (requeue with a new container), or see to the old one on the platform.';

/**
 * What NOMAD says with the same status for different causes; both generations, literal server texts (README.md).
 * The platform gives no codes: its words are all there is. The first that fits wins, else the status decides.
 */
const MEANINGS: readonly Meaning[] = [
  {
    says: /^Limit of unpublished uploads exceeded/,
    code: 'QUOTA_EXCEEDED',
    hint: 'The account has as many unpublished uploads as the platform allows (10 by default). Publish or delete some, or ask its operator to raise services.upload_limit.',
  },
  {
    says: /already published, operation not possible/,
    code: 'CONTAINER_LOST',
    hint: LOST,
    published: true,
  },
  { says: /^The specified upload_id was not found/, code: 'CONTAINER_LOST', hint: LOST },
  { says: /^You do not have write access to the specified upload/, code: 'CONTAINER_LOST', hint: LOST },
  // v1.3: 99 temp dirs of refused requests were left behind, and only its operator can remove them.
  { says: /Could not create temporary directory/, code: 'CONTAINER_LOST', hint: LOST },
  {
    says: /currently blocked by another process|currently being processed/,
    code: 'DESTINATION_BUSY',
    hint: 'The platform still works on this upload: it is tried again later.',
    retryAfterMs: 60_000,
  },
  {
    says: /Some IO went wrong, upload probably aborted/,
    code: 'DESTINATION_BUSY',
    hint: 'The platform lost the transfer: it is tried again later.',
  },
  {
    says: /^Cannot extract file\.|does not look like a zip or tar file/,
    code: 'BATCH_REFUSED',
    hint: 'The platform does not take the parcel for a zip. Sending it again would only fill its disk; report it with the log lines around it.',
  },
  {
    says: /^Bad path provided|^Bad file name provided/,
    code: 'PATH_UNREPRESENTABLE',
    hint: 'Rename the file or folder on the share, or leave it out by a rule.',
  },
  {
    // Also said when a proxy does not pass the host's name on, for the platform then does not know its own tokens.
    says: /^Could not validate credentials/,
    code: 'TOKEN_REJECTED',
    hint: 'Either the token is dead, or a proxy in front of the platform does not pass the Host header on: then every such token is refused, and its operator has to mend that. The batch is kept, and the token is asked about again.',
  },
  {
    says: /^Failed to verify authenticated user|^You are logged in with an unknown user/,
    code: 'TOKEN_REJECTED',
    hint: 'The user management of the platform is down, or does not know this user any more. The batch is kept, and the token is asked about again.',
  },
  {
    says: /^Missing scopes/,
    code: 'TOKEN_REJECTED',
    hint: 'Enrol a token that may do that: a personal access token needs uploads:write, and uploads:read to read back: nightjar token enrol OWNER --pat. The batch is kept.',
  },
  {
    says: /^You are not authorized to access this Oasis|^Authentication is required for this Oasis/,
    code: 'TOKEN_REJECTED',
    hint: 'The platform does not let this user in: its operator has to add the user to the authorized users. The batch is kept.',
  },
  {
    says: /invalid upload token was supplied|^Auth(?:orization|entication) required/,
    code: 'TOKEN_REJECTED',
    hint: 'Either the token is dead, or the user management of the platform is down: both are answered alike. It is asked about again by itself; only if it stays, put a new token into its file. The batch is kept.',
  },
];

/**
 * The IngestError of a refusal by NOMAD. `attempted` says what was asked of which upload; `refusedWhole`, that the
 * platform had taken a whole parcel by then, of which v1.3 keeps a temp dir.
 */
export function refusalOf(
  answer: HttpAnswer,
  attempted: string,
  context: { readonly refusedWhole?: boolean } = {},
): IngestError {
  const said = detailOf(answer.text);
  const readable = { ...answer, text: said === '' ? answer.text : said };
  const meaning = MEANINGS.find((one) => one.says.test(said));
  if (meaning === undefined) {
    const error = said === '' ? ofProxy(answer, attempted) : errorOfStatus(readable, attempted);
    const { code, message, ...details } = error;
    return new IngestError(code, message, { ...details, context: { ...details.context, ...context } });
  }
  return new IngestError(meaning.code, `${attempted}: answered ${answer.status}: ${summaryOf(said)}`, {
    hint: meaning.hint,
    retryAfterMs: answer.retryAfterMs ?? meaning.retryAfterMs,
    context: { status: answer.status, ...(meaning.published && { published: true }), ...context },
  });
}

/**
 * The same of a question, or of opening an upload: it judges the request and none of the data, so that no batch is given
 * up for it, and one that has arrived is not called refused.
 */
export function refusalOfQuestion(answer: HttpAnswer, attempted: string): IngestError {
  const error = refusalOf(answer, attempted);
  if (error.disposition !== 'permanent') return error;
  return new IngestError('DESTINATION_UNCLEAR', error.message, {
    hint: 'The platform or a proxy refuses a request that carries no data, in words that are not known. It is tried again later; if the batch is held for this, show these words to the operator of the platform.',
    retryAfterMs: error.retryAfterMs,
    context: error.context,
  });
}

/** The same of reading what is there: a 404 without the platform's words says nothing of the data, nor of the address. */
export function refusalOfReading(answer: HttpAnswer, attempted: string): IngestError {
  if (answer.status === 404 && detailOf(answer.text) === '') return notNomad(answer, attempted);
  return refusalOfQuestion(answer, attempted);
}

/**
 * A refusal that is not in the platform's form comes from something in front of it, which has judged the request and
 * not the data: no batch is given up for that.
 */
function ofProxy(answer: HttpAnswer, attempted: string): IngestError {
  const { status, retryAfterMs } = answer;
  const error = errorOfStatus(answer, attempted);
  const own = 'It is not the platform that answered, but a proxy or another service in front of it';
  if (status === 401 || status === 403)
    return new IngestError(error.code, error.message, {
      hint: `${own}: it has to let the API through without a login of its own. The batch is kept, and the token is asked about again.`,
      context: error.context,
    });
  if (error.code !== 'BATCH_REFUSED') return error;
  return new IngestError('DESTINATION_UNCLEAR', error.message, {
    hint: `${own}: look at base_url (https, not http?) and at its log. It is tried again later.`,
    retryAfterMs,
    context: { status, notPlatform: true },
  });
}

/** A success that is not in NOMAD's form: a login page, a captive portal, a text without the upload's id. */
export function notNomad(answer: HttpAnswer, attempted: string): IngestError {
  const type = answer.headers['content-type'] ?? 'no content type';
  return new IngestError(
    'DESTINATION_UNCLEAR',
    `${attempted}: answered ${answer.status}, but not as NOMAD does`,
    {
      hint: 'Check base_url: a proxy or a login page may answer in its place. It is tried again later.',
      context: { status: answer.status, notPlatform: true, type, said: summaryOf(answer.text).slice(0, 120) },
    },
  );
}
