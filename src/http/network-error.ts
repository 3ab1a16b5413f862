import { IngestError, systemCode } from '../core/errors.ts';

type Words = { readonly said: string; readonly hint: string };

const LATER = 'Nothing to do if it comes back: it is tried again later. Else check network and firewall.';
const CERTIFICATE =
  'Check the certificate of the server; for an authority of your own, set NODE_EXTRA_CA_CERTS to its file.';

/** Codes of Node (errno, dns, OpenSSL) and undici (`UND_ERR_…`, nodejs/undici docs/api/Errors.md). */
const WORDS: Readonly<Record<string, Words>> = {
  ECONNREFUSED: { said: 'nothing listens at that address and port', hint: LATER },
  ECONNRESET: { said: 'the connection was reset', hint: LATER },
  EPIPE: { said: 'the connection was closed from the other side', hint: LATER },
  UND_ERR_SOCKET: { said: 'the connection was closed from the other side', hint: LATER },
  ETIMEDOUT: { said: 'no connection in time', hint: LATER },
  UND_ERR_CONNECT_TIMEOUT: { said: 'no connection in time', hint: LATER },
  EHOSTUNREACH: { said: 'there is no route to that host', hint: LATER },
  ENETUNREACH: { said: 'there is no route to that network', hint: LATER },
  ENOTFOUND: {
    said: 'the name is not known (DNS)',
    hint: 'Check the host name in base_url and the resolver.',
  },
  EAI_AGAIN: { said: 'the name could not be looked up (DNS)', hint: 'Check the resolver of this host.' },
  CERT_HAS_EXPIRED: { said: 'its TLS certificate has expired', hint: CERTIFICATE },
  DEPTH_ZERO_SELF_SIGNED_CERT: { said: 'its TLS certificate is self-signed', hint: CERTIFICATE },
  SELF_SIGNED_CERT_IN_CHAIN: { said: 'its TLS chain has a self-signed certificate', hint: CERTIFICATE },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    said: 'its TLS certificate is of an unknown authority',
    hint: CERTIFICATE,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    said: 'its TLS certificate is of an unknown authority',
    hint: CERTIFICATE,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: { said: 'its TLS certificate is for another name', hint: CERTIFICATE },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    said: 'it does not speak TLS',
    hint: 'Is it http:// and not https:// there?',
  },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: {
    said: 'it does not speak TLS',
    hint: 'Is it http:// and not https:// there?',
  },
};

/** Any failure below HTTP as DESTINATION_UNREACHABLE in words for an operator. */
export function networkError(thrown: unknown, attempted: string): IngestError {
  const code = codeOf(thrown);
  const known = code === undefined ? undefined : WORDS[code];
  const origin = thrown instanceof Error ? thrown.message : String(thrown);
  return new IngestError('DESTINATION_UNREACHABLE', `${attempted}: ${known?.said ?? origin}`, {
    hint: known?.hint ?? LATER,
    context: code === undefined ? {} : { code },
    cause: thrown,
  });
}

/** The most telling code of an error and what it wraps (undici and "happy eyeballs" wrap). */
function codeOf(thrown: unknown): string | undefined {
  const own = systemCode(thrown);
  if (own !== undefined && own in WORDS && own !== 'UND_ERR_SOCKET') return own;
  const inner = thrown instanceof Error && thrown.cause !== undefined ? codeOf(thrown.cause) : undefined;
  return inner ?? own;
}
