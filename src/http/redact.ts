/** Names of query parameters whose values are credentials (NOMAD v1.3 sends its upload token as `token`). */
const SECRET_PARAMETER = /([?&](?:[a-z_]*token|password|secret|key)=)[^&#\s'"<>]*/gi;
const USER_INFO = /(\bhttps?:\/\/)[^/@\s'"<>]+@/gi;
const BEARER = /(\bbearer\s+)[\w.~+/=-]+/gi;
/** base64url(user id) '.' base64url(HMAC): the shape of a NOMAD upload token, whoever prints it. */
const UPLOAD_TOKEN = /(?<![\w-])[\w-]{22}\.[\w-]{27,43}(?![\w-])/g;
/** A personal access token of NOMAD 1.4, and a JWT: its bearers, whoever prints them. */
const PAT = /nomad_pat_[\w-]+/g;
const JWT = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g;

/** The text without credentials: safe for messages, logs and the ledger. */
export function redact(text: string): string {
  return text
    .replace(SECRET_PARAMETER, '$1[secret]')
    .replace(USER_INFO, '$1[secret]@')
    .replace(BEARER, '$1[secret]')
    .replace(PAT, '[secret]')
    .replace(JWT, '[secret]')
    .replace(UPLOAD_TOKEN, '[secret]');
}
