import { z } from 'zod';
import { OWNER_SOURCES } from '../core/owner-source.ts';
import { duration, name, text, tokenName } from './fields.ts';

/** Keys of a rule that say who is asked for the owner. */
export const sourceKeys = {
  owner_from: z
    .array(z.enum(OWNER_SOURCES))
    .min(1)
    .optional()
    .meta({
      description:
        'Who is asked for the owner, in this order; the first that names one decides. Default: the `{owner}` part of the path.',
      examples: [['path', 'sidecar', 'uid']],
    }),
  agree: z.boolean().default(false).meta({
    description: 'All of `owner_from` are asked, and data that two of them give to different owners is held.',
  }),
  sidecar: z
    .strictObject({
      file: text().meta({
        description: "The file's name in the dataset's directory, with `*` and `?`.",
        examples: ['metadata.json'],
      }),
      field: text()
        .optional()
        .meta({
          description: 'Of JSON or YAML: the value that names the owner; keys are separated by ".".',
          examples: ['user.name'],
        }),
      line: text()
        .optional()
        .meta({
          description: 'Of any text: the line that names the owner.',
          examples: ['Operator: {owner}'],
        }),
    })
    .refine((value) => (value.field === undefined) !== (value.line === undefined), {
      error: 'expected either `field` or `line`',
    })
    .optional()
    .meta({ description: 'For the source `sidecar`: a small file beside the data that names the owner.' }),
};

const owners = (what: string) =>
  z
    .record(
      z.string().refine((value) => /^\d{1,10}$/.test(value), { error: `expected a ${what} (a number)` }),
      name(),
    )
    .default({});

/** Top-level keys that the sources of owners use. */
export const registerKeys = {
  uids: owners('uid').meta({
    description: 'For the source `uid`: whose files are that the file system gives to this number.',
    examples: [{ 1003: 'mueller' }],
  }),
  gids: owners('gid').meta({
    description: 'For the source `gid`: the same by group.',
    examples: [{ 2001: 'chen' }],
  }),
  resolver: z
    .strictObject({
      url: z
        .string()
        .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
          error: 'expected a URL that begins with https:// or http://',
        })
        .meta({
          title: 'URL',
          description:
            'Asked with GET; `share`, `dataset`, `rule`, `instrument` and the parts of the template are added as a query. The answer is JSON, `{"owner": "mueller"}` or `{"owner": null}`; 404 is "nobody" too.',
          examples: ['https://booking.example.org/owner'],
        }),
      timeout: duration().prefault('10s').meta({ description: 'No answer for so long: not resolved.' }),
      lifetime: duration().prefault('1d').meta({ description: 'How long an answer counts.' }),
      token: tokenName()
        .optional()
        .meta({
          description: 'Name of the file with a token that is sent as `Authorization: Bearer`.',
          examples: ['booking'],
        }),
    })
    .optional()
    .meta({
      description: 'For the source `http`: a booking calendar or the like that knows whose a dataset is.',
    }),
};
