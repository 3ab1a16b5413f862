import type { Secret } from '../core/secret.ts';
import type { HttpAnswer, HttpRequest } from './http-client.ts';

/** Shorter ones would be found in any text. */
const SHORTEST = 4;

/**
 * A refusal without the secrets of its request, where a platform or a proxy repeats what it was sent. A success is left
 * as it is: it is read, and not shown.
 */
export function withoutSecrets(answer: HttpAnswer, request: HttpRequest): HttpAnswer {
  if (answer.status < 300) return answer;
  const { secretQuery = {}, secretHeaders = {}, secretsInBody = [], bearer } = request;
  const secrets = [...Object.values(secretQuery), ...Object.values(secretHeaders), ...secretsInBody];
  const mask = (text: string): string =>
    maskSecrets(text, bearer === undefined ? secrets : [...secrets, bearer]);
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, mask(value)]),
  );
  const location = answer.location === undefined ? undefined : mask(answer.location);
  return { ...answer, headers, location, text: mask(answer.text) };
}

/** The text without these secrets, however they are spelled in URLs, forms and JSON. */
function maskSecrets(text: string, secrets: readonly Secret[]): string {
  let masked = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < SHORTEST) continue;
    const form = new URLSearchParams({ x: value }).toString().slice(2);
    const json = JSON.stringify(value).slice(1, -1);
    for (const spelling of new Set([value, encodeURIComponent(value), form, json]))
      masked = masked.replaceAll(spelling, '[secret]');
  }
  return masked;
}
