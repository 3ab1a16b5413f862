import { z } from 'zod';
import { bandwidth, maxParallel, requestsPerMinute } from '../limit-options.ts';
import { countOption, sizeOption } from '../size-option.ts';

/** The container's name is its lane and its account: without the owner in it, two accounts would share one. */
const CONTAINER = 'expected a template with {owner} in it, and no other placeholder than {owner} and {month}';
const BASE_URL = 'expected an http(s) URL ending in /api/v1, without user name, query or fragment';

/** The configuration block of a destination of kind `nomad`. */
export const nomadOptions = z
  .strictObject({
    kind: z
      .literal('nomad')
      .meta({ description: "Delivers into NOMAD, with each owner's own upload token." }),
    base_url: z
      .string()
      .refine(isApiUrl, { error: BASE_URL })
      .meta({
        title: 'URL',
        description:
          'Address of the API, up to and including `/api/v1`. Use https: the token travels with every request.',
        examples: ['https://nomad.example.org/nomad-oasis/api/v1'],
      }),
    container: z
      .string()
      .min(1)
      .max(200)
      .refine(isContainerTemplate, { error: CONTAINER })
      .default('nightjar {owner} {month}')
      .meta({
        title: 'template',
        description:
          "Name of the upload that receives an owner's data; `{owner}` and `{month}` are filled in. A platform allows few open uploads per account, so keep this coarse.",
      }),
    generation: z.enum(['auto', 'v1.3', 'v1.4']).default('auto').meta({
      description: 'Which generation of the API is spoken. `auto` asks the platform.',
    }),
    admin_user_ids: z.array(z.string().min(1)).default(['00000000-0000-0000-0000-000000000000']).meta({
      description:
        "User ids of the platform's administrators (`services.admin_user_id`): their tokens are refused, for they can make the server read its own files.",
    }),
    max_bytes: sizeOption
      .meta({ description: 'Largest batch. The platform documents 32 GB for an upload.' })
      .prefault('30 GB'),
    max_upload: sizeOption
      .meta({
        description:
          'An upload that would grow beyond this is followed by the next, numbered one. The platform documents 32 GB.',
      })
      .prefault('32 GB'),
    verify: z.enum(['sizes', 'sample', 'all']).default('sizes').meta({
      description:
        'What is read back of a batch where the token may read: names and sizes of all files, besides the SHA-256 of a sample of them (at most 20 files and 256 MB a batch, the same ones on every attempt), or that of all: then everything is downloaded again.',
    }),
    by_hand: z.enum(['off', 'size', 'hash']).default('size').meta({
      description:
        'Where the token may read, a new dataset is looked for in the uploads of its owner, and is not sent when all of it is there by name and size, and names, sizes and times leave no doubt that it is this data: its owner has uploaded it by hand. With `hash` when its bytes are the same, whatever it is called: they are downloaded and compared.',
    }),
    by_hand_requests: countOption.default(300).meta({
      description: 'Most questions that an evening asks about the uploads of one owner.',
    }),
    by_hand_bytes: sizeOption
      .meta({
        description:
          'Most that an evening downloads of the uploads of one owner to compare (`by_hand: hash`); what is larger is sent.',
      })
      .prefault('1 GB'),
    by_hand_evenings: countOption.default(3).meta({
      description:
        'When the uploads of an owner cannot be looked through, new data waits; in this evening of trying it is sent all the same. `1`: at once.',
    }),
    max_files: countOption.default(10_000).meta({ description: 'Most files in a batch.' }),
    single_files: z.enum(['raw', 'zip']).default('raw').meta({
      description:
        'How a batch of one file travels: as it is, or inside a zip. `raw` spares the platform the unpacking; `zip` spares the account of a v1.3 platform one mail a batch.',
    }),
    join: z.enum(['dataset', 'owner']).default('owner').meta({
      description:
        'What one batch holds, and so what the platform mails the account about: one dataset, or as many datasets of an owner (of one instrument and rule) as fit within `max_bytes` and `max_files`.',
    }),
    publish: z.literal('irreversible').optional().meta({
      description:
        'The second confirmation for rules with `publish: true`: a publication cannot be undone. By itself it publishes nothing.',
    }),
    max_parallel: maxParallel,
    requests_per_minute: requestsPerMinute,
    bandwidth,
  })
  .transform((block) => ({
    kind: block.kind,
    baseUrl: block.base_url.replace(/\/+$/, ''),
    container: block.container,
    generation: block.generation,
    adminUserIds: block.admin_user_ids.map((id) => id.toLowerCase()),
    maxBytes: block.max_bytes,
    maxUpload: block.max_upload,
    verify: block.verify,
    maxFiles: block.max_files,
    byHand: block.by_hand,
    byHandRequests: block.by_hand_requests,
    byHandEvenings: block.by_hand_evenings,
    byHandBytes: block.by_hand_bytes,
    singleFiles: block.single_files,
    join: block.join,
    ...(block.publish === undefined ? {} : { publish: block.publish }),
    ...(block.max_parallel === undefined ? {} : { maxParallel: block.max_parallel }),
    ...(block.requests_per_minute === undefined ? {} : { requestsPerMinute: block.requests_per_minute }),
    ...(block.bandwidth === undefined ? {} : { bandwidth: block.bandwidth }),
  }));

export type NomadOptions = Readonly<z.output<typeof nomadOptions>>;

function isApiUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && /^https?:$/.test(url.protocol) && /\/api\/v1\/*$/.test(url.pathname);
}

function isContainerTemplate(text: string): boolean {
  const placeholders: readonly string[] = text.match(/\{[^}]*\}?/g) ?? [];
  return placeholders.includes('{owner}') && placeholders.every((one) => /^\{(?:owner|month)\}$/.test(one));
}
