import { z } from 'zod';
import { controlSchema } from './control-schema.ts';
import { foldersSchema } from './folders-schema.ts';
import { nightjarSchema } from './nightjar-schema.ts';
import { recipeSchema } from './recipe-schema.ts';

const SCHEMAS = {
  nightjar: nightjarSchema,
  folders: foldersSchema,
  recipe: recipeSchema,
  'control-file': controlSchema,
};

export type ConfigKind = keyof typeof SCHEMAS;
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema of a file as a person writes it, for editors and for the reference page. */
export function schemaOf(kind: ConfigKind): JsonSchema {
  return z.toJSONSchema(SCHEMAS[kind], {
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
    const here = alternative(resolved(root, node), valueAt([...path.slice(0, depth), 'kind']));
    node = childOf(here, key);
  }
  return node === undefined ? undefined : alternative(resolved(root, node), valueAt([...path, 'kind']));
}

/** The schema itself where only its name is written, which a block that may hold blocks of its own kind has. */
export function resolved(root: JsonSchema, node: JsonSchema): JsonSchema {
  const name = node.$ref?.replace('#/$defs/', '');
  const named = name === undefined ? undefined : asSchema(root.$defs?.[name]);
  if (named === undefined) return node;
  const { $ref: _, ...said } = node;
  return { ...named, ...said };
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
