import { IngestError, systemCode } from '../core/errors.ts';

/** `unasked`: it failed before anything of the request was sent. */
type Words = { readonly said: string; readonly hint: string; readonly unasked?: true };

const LATER = 'Nothing to do if it comes back: it is tried again later. Else check network and firewall.';
const unasked = (said: string, hint: string): Words => ({ said, hint, unasked: true });
const certificate = (said: string): Words =>
  unasked(
    said,
    'Check the certificate of the server; for an authority of your own, set NODE_EXTRA_CA_CERTS to its file.',
  );
const noTls = (said: string): Words => unasked(said, 'Is it http:// and not https:// there?');
const tls = (said: string): Words =>
  unasked(
    said,
    'Ask whoever runs the server or the proxy before it which TLS it speaks. It is tried again later.',
  );
const notHttp = (said: string): Words => ({
  said,
  hint: 'Nothing to do if it goes by: it is tried again later. Else look at what answers at base_url, and at proxies on the way.',
});

/** For all codes of the HTTP parser, and where it has none. */
const NOT_HTTP = 'HTTP_PARSER';

/** Codes of Node (errno, dns, OpenSSL) and undici (`UND_ERR_…`, nodejs/undici docs/api/Errors.md). */
const WORDS: Readonly<Record<string, Words>> = {
  ECONNREFUSED: unasked('nothing listens at that address and port', LATER),
  ECONNRESET: { said: 'the connection was reset', hint: LATER },
  EPIPE: { said: 'the connection was closed from the other side', hint: LATER },
  UND_ERR_SOCKET: { said: 'the connection was closed from the other side', hint: LATER },
  ETIMEDOUT: { said: 'no connection in time', hint: LATER },
  UND_ERR_CONNECT_TIMEOUT: unasked('no connection in time', LATER),
  EHOSTUNREACH: unasked('there is no route to that host', LATER),
  ENETUNREACH: unasked('there is no route to that network', LATER),
  ENOTFOUND: unasked('the name is not known (DNS)', 'Check the host name in base_url and the resolver.'),
  EAI_AGAIN: unasked('the name could not be looked up (DNS)', 'Check the resolver of this host.'),
  CERT_HAS_EXPIRED: certificate('its TLS certificate has expired'),
  CERT_NOT_YET_VALID: certificate('its TLS certificate is not valid yet, by the clock of this host'),
  CERT_REVOKED: certificate('its TLS certificate was revoked'),
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate('its TLS certificate is self-signed'),
  SELF_SIGNED_CERT_IN_CHAIN: certificate('its TLS chain has a self-signed certificate'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate('its TLS certificate is of an unknown authority'),
  UNABLE_TO_GET_ISSUER_CERT: certificate('its TLS certificate is of an unknown authority'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate('its TLS certificate is of an unknown authority'),
  ERR_TLS_CERT_ALTNAME_INVALID: certificate('its TLS certificate is for another name'),
  ERR_SSL_WRONG_VERSION_NUMBER: noTls('it does not speak TLS'),
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls('it does not speak TLS'),
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: tls('it speaks no version of TLS that this program does'),
  ERR_SSL_UNSUPPORTED_PROTOCOL: tls('it speaks no version of TLS that this program does'),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: tls('it wants a TLS certificate of the client'),
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': tls('it refused the TLS handshake'),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: tls('it refused the TLS handshake'),
  [NOT_HTTP]: notHttp('its answer was cut off or is no HTTP'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: notHttp('its answer was cut off or is no HTTP'),
  UND_ERR_HEADERS_OVERFLOW: notHttp('the headers of its answer are too long'),
};

/** Any failure below HTTP as DESTINATION_UNREACHABLE in words for an operator; `unasked` in its context: nothing was sent. */
export function networkError(thrown: unknown, attempted: string): IngestError {
  const code = codeOf(thrown);
  const known = code === undefined ? undefined : WORDS[code];
  // OpenSSL's own message is a line of its source.
  const isTls = code?.startsWith('ERR_SSL_') === true;
  const origin = isTls ? `TLS failed (${code})` : thrown instanceof Error ? thrown.message : String(thrown);
  return new IngestError('DESTINATION_UNREACHABLE', `${attempted}: ${known?.said ?? origin}`, {
    hint: known?.hint ?? LATER,
    context: { ...(code !== undefined && { code }), ...(known?.unasked && { unasked: true }) },
    cause: thrown,
  });
}

/** The most telling code of an error and what it wraps (undici and "happy eyeballs" wrap). */
function codeOf(thrown: unknown): string | undefined {
  const isParser = thrown instanceof Error && thrown.name === 'HTTPParserError';
  const own = isParser ? NOT_HTTP : systemCode(thrown);
  if (own !== undefined && own in WORDS && own !== 'UND_ERR_SOCKET') return own;
  const inner = thrown instanceof Error && thrown.cause !== undefined ? codeOf(thrown.cause) : undefined;
  return inner ?? own;
}
