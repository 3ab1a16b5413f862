import { z } from 'zod';
import { type Condition, TEMP_FAMILIES } from '../core/completion.ts';
import { parseGlob } from '../core/glob.ts';
import { sizeOption } from '../destinations/size-option.ts';

/** What is wrong with a file pattern, as the end of a sentence; undefined when nothing is. */
function patternProblem(value: string): string | undefined {
  try {
    parseGlob(value);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const EXPECTED = 'expected a file pattern such as "*.done" or "Data/*.mrc"';

const filePattern = () =>
  z
    .string()
    .superRefine((value, check) => {
      const problem = patternProblem(value);
      if (problem !== undefined) check.addIssue({ code: 'custom', message: `${EXPECTED}: ${problem}` });
    })
    .meta({ title: 'file pattern' });

const filePatterns = () =>
  z
    .union([filePattern(), z.array(filePattern()).min(1)], {
      error: 'expected a file pattern or a list of them',
    })
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .meta({ title: 'file pattern, or a list of them' });

const LEAST = 'expected a whole number above zero, or a part of `match` that is a number, such as "{frames}"';
const PART = /^\{([A-Za-z][A-Za-z0-9_]*)\}$/;

const least = () =>
  z
    .union([z.int().min(1), z.string().refine((value) => PART.test(value), { error: LEAST })], {
      error: LEAST,
    })
    .transform((value) => (typeof value === 'string' ? value.slice(1, -1) : value));

const byPattern = <T extends z.ZodType>(value: T) =>
  z.record(filePattern(), value).refine((record) => Object.keys(record).length > 0, {
    error: 'expected at least one file pattern with what is asked of it',
  });

const conditions = {
  marker: filePattern()
    .optional()
    .meta({ description: 'A file like this is there.', examples: ['*.done'] }),
  companions: byPattern(filePatterns())
    .optional()
    .meta({
      title: 'file patterns by file pattern',
      description:
        'Every file like the key has one like the value in the same directory; the first `*` of the value stands for what the first `*` of the key stood for. A file counts for the first key that matches it.',
      examples: [{ '*.raw': '*.ras' }],
    }),
  min_size: byPattern(sizeOption)
    .optional()
    .meta({
      title: 'sizes by file pattern',
      description: 'No file like the key is smaller than this.',
      examples: [{ '*.czi': '544 B' }],
    }),
  count: byPattern(least())
    .optional()
    .meta({
      title: 'numbers by file pattern',
      description:
        'At least so many files like the key are there; `"{frames}"` is the number that this part of `match`, `{frames:number}`, stands for.',
      examples: [{ 'frame_*.tif': 120 }],
    }),
  absent: filePatterns()
    .optional()
    .meta({ description: 'No file like these is there: lock files.', examples: ['*.lck'] }),
  temp_names: z
    .array(z.enum(TEMP_FAMILIES))
    .min(1)
    .optional()
    .meta({
      description: 'No file has a name that programs of these kinds give it while they write it.',
      examples: [['rsync', 'copy_tools']],
    }),
  closed: filePatterns()
    .optional()
    .meta({
      description:
        'No file like these is open in another program, as far as trying to open it tells: SMB shares of Windows instruments answer EBUSY.',
      examples: ['*.czi'],
    }),
};

/** The conditions of one block: all of them must hold. */
export type CompleteBlock = z.output<z.ZodObject<typeof conditions>> & {
  readonly all?: readonly CompleteBlock[] | undefined;
  readonly any?: readonly CompleteBlock[] | undefined;
};

type Blocks = z.ZodOptional<z.ZodArray<z.ZodType<CompleteBlock>>>;

export const completeBlock: z.ZodType<CompleteBlock> = z
  .strictObject({
    ...conditions,
    get all(): Blocks {
      return z.array(completeBlock).min(1).optional().meta({ description: 'All of these blocks hold.' });
    },
    get any(): Blocks {
      return z
        .array(completeBlock)
        .min(1)
        .optional()
        .meta({ description: 'At least one of these blocks holds.' });
    },
  })
  .refine((value) => Object.values(value).some((condition) => condition !== undefined), {
    error: 'expected at least one condition',
    // A key that is spelled wrong is told by itself.
    when: ({ issues }) => issues.length === 0,
  })
  .meta({ id: 'complete', description: 'Conditions; all of them must hold.' });

/** The conditions of a block as one. */
export function conditionOf(block: CompleteBlock): Condition {
  const { marker, companions, min_size, count, absent, temp_names, closed, all, any } = block;
  const conditions: (Condition | undefined)[] = [
    marker === undefined ? undefined : { kind: 'marker', files: marker },
    companions && {
      kind: 'companions',
      pairs: Object.entries(companions).map(([every, has]) => ({ every, has })),
    },
    min_size && {
      kind: 'min-size',
      sizes: Object.entries(min_size).map(([files, bytes]) => ({ files, bytes })),
    },
    ...Object.entries(count ?? {}).map(([files, least]) => ({ kind: 'count' as const, files, least })),
    absent && { kind: 'absent', files: absent },
    temp_names && { kind: 'temp-names', families: temp_names },
    closed && { kind: 'closed', files: closed },
    ...(all ?? []).map(conditionOf),
    any && { kind: 'any', of: any.map(conditionOf) },
  ];
  return together(conditions.filter((condition) => condition !== undefined));
}

/** All of them as one condition. */
export function together(conditions: readonly Condition[]): Condition {
  const [only, ...others] = conditions;
  return only !== undefined && others.length === 0 ? only : { kind: 'all', of: conditions };
}

/** The parts of a template that counts refer to. */
export function partsIn(condition: Condition): string[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(partsIn);
  return condition.kind === 'count' && typeof condition.least === 'string' ? [condition.least] : [];
}
