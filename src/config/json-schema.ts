import { z } from 'zod';
import { foldersSchema } from './folders-schema.ts';
import { nightjarSchema } from './nightjar-schema.ts';

export type ConfigKind = 'nightjar' | 'folders';
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema of a file as a person writes it, for editors and for the reference page. */
export function schemaOf(kind: ConfigKind): JsonSchema {
  return z.toJSONSchema(kind === 'nightjar' ? nightjarSchema : foldersSchema, {
    io: 'input',
    // zod leaves examples out where a text becomes a number; ours are always of what a person writes.
    override: ({ zodSchema, jsonSchema }) => {
      const examples: unknown = metaOf(zodSchema)?.['examples'];
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  });
}

const metaOf = (schema: z.core.$ZodType) => z.globalRegistry.get(schema);

/** The schema of the value at `path`; `value` is what stands there, to tell alternatives apart by their `kind`. */
export function schemaAt(
  root: JsonSchema,
  path: readonly PropertyKey[],
  valueAt: (path: readonly PropertyKey[]) => unknown,
): JsonSchema | undefined {
  let node: JsonSchema | undefined = root;
  for (const [depth, key] of path.entries()) {
    if (node === undefined) return undefined;
    node = childOf(alternative(node, valueAt([...path.slice(0, depth), 'kind'])), key);
  }
  return node === undefined ? undefined : alternative(node, valueAt([...path, 'kind']));
}

function childOf(node: JsonSchema, key: PropertyKey): JsonSchema | undefined {
  const properties = node.properties ?? {};
  const own = typeof key === 'string' && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const items = Array.isArray(node.items) ? undefined : node.items;
  return asSchema(typeof key === 'number' ? items : (own ?? node.additionalProperties));
}

function alternative(node: JsonSchema, kind: unknown): JsonSchema {
  const fits = (choice: JsonSchema): boolean => asSchema(choice.properties?.['kind'])?.const === kind;
  return node.oneOf?.map(asSchema).find((choice) => choice !== undefined && fits(choice)) ?? node;
}

/** A schema that is not just `true` or `false`. */
export function asSchema(value: JsonSchema | boolean | undefined): JsonSchema | undefined {
  return typeof value === 'object' ? value : undefined;
}
