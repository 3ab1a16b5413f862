import { posix } from 'node:path';
import { z } from 'zod';
import { isName } from '../core/ids.ts';
import { parseDuration } from '../core/units.ts';

/** The kinds of value both files are made of. A message of our own says what was expected: `decode` adds the rest. */

/** The shape of a NOMAD upload token: 22 + 1 + 27 or 43 characters. Such a text in a YAML file is a leak. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{27,}$/;

export const text = () => z.string().min(1);

/** A duration: text in YAML, milliseconds after loading; never zero unless `zero` allows it. */
export function duration(options: { readonly zero?: boolean } = {}) {
  return z
    .string()
    .meta({ title: 'duration', pattern: '^(\\d+d)?\\s?(\\d+h)?\\s?(\\d+m)?\\s?(\\d+s)?\\s?(\\d+ms)?$' })
    .transform((value, check) => {
      const ms = durationOrUndefined(value);
      if (ms !== undefined && (ms > 0 || options.zero === true)) return ms;
      const message = 'expected a duration with its unit, such as "20m", "30s" or "1h30m"';
      check.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    });
}

function durationOrUndefined(value: string): number | undefined {
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}

const NAME_WORDS =
  'letters, digits, ".", "_" and "-" only, at most 63 characters, beginning with a letter or digit';

/** A name that becomes part of paths and keys. */
export const name = () =>
  z
    .string()
    .refine(isName, { error: `expected a name (${NAME_WORDS})` })
    .meta({ title: 'name' });

/** The name of a token's file; refuses a text that looks like the token itself. */
export const tokenName = () =>
  z
    .string()
    .refine((value) => !TOKEN_SHAPE.test(value), {
      error:
        'expected the name of a file in the credentials directory, not the token itself: take it out of this file, and have a new one made if others could read it',
      abort: true,
    })
    .refine(isName, { error: `expected the name of a file in the credentials directory (${NAME_WORDS})` })
    .meta({ title: 'name' });

/** An absolute path in its normal form, without a slash at the end. */
export const absolutePath = () =>
  z
    .string()
    .refine((value) => value.startsWith('/'), { error: 'expected an absolute path, beginning with "/"' })
    .refine((value) => !value.includes('\0'), { error: 'expected a path without a NUL character' })
    .transform(normalPath)
    .meta({ title: 'absolute path' });

/** One form per path: no `.` and `..`, no doubled slash, no slash at the end. */
export const normalPath = (path: string): string => posix.normalize(path).replace(/(?<=.)\/+$/, '');

export const timeOfDay = () =>
  z
    .string()
    .refine((value) => /^([01]\d|2[0-3]):[0-5]\d$/.test(value), {
      error: 'expected a time of day "HH:MM", such as "20:00"',
    })
    .meta({ title: 'time of day' });

export const timeZone = () =>
  z
    .string()
    .refine(isTimeZone, { error: 'expected a time zone of the IANA list, such as "Europe/Berlin"' })
    .meta({ title: 'time zone' });

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const redisUrl = () =>
  z
    .string()
    .refine((value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol), {
      error: 'expected a URL that begins with redis:// or rediss:// (TLS)',
    })
    .meta({ title: 'URL' });

/** Goes into a header of every request: one word, without what could end the header or its comment. */
export const contact = () =>
  z
    .string()
    .max(200)
    .refine((value) => /^[!-~]+$/.test(value) && !/[()\\]/.test(value) && isMailOrUrl(value), {
      error: 'expected a mail address or an http(s) URL, such as "nightjar@lab.example.org"',
    })
    .meta({ title: 'mail address or URL' });

function isMailOrUrl(value: string): boolean {
  if (/^https?:\/\//.test(value)) return URL.canParse(value);
  return /^[^@:/,;<>"]+@[^@:/,;<>"]+$/.test(value);
}

/** A mapping from name to block, with at least one entry. */
export const namedBlocks = <T extends z.ZodType>(block: T, what: string) =>
  z.record(name(), block).refine((blocks) => Object.keys(blocks).length > 0, {
    error: `expected at least one ${what}`,
  });
