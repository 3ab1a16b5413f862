import { describe, expect, it } from 'vitest';
import { asSchema, type JsonSchema, schemaOf } from '../../src/config/json-schema.ts';
import { GENERATED, staleFiles } from '../tools/generate-docs.ts';

describe('generated files', () => {
  it('say what the code says: otherwise `npm run docs`', () => {
    expect(staleFiles()).toEqual([]);
  });

  it('are called stale by name when they say something else', () => {
    const other = GENERATED.map(({ file, content }) => ({ file, content: () => `${content()} ` }));

    expect(staleFiles(other)).toEqual(GENERATED.map(({ file }) => file));
    expect(staleFiles([{ file: 'docs/not-there.md', content: () => 'x' }])).toEqual(['docs/not-there.md']);
  });
});

describe('the schemas for editors', () => {
  it('describe every key of the files', () => {
    const keys = [
      ...keysOf('nightjar', schemaOf('nightjar')),
      ...keysOf('folders', schemaOf('folders')),
      ...keysOf('recipe', schemaOf('recipe')),
      ...keysOf('control-file', schemaOf('control-file')),
    ];

    expect(keys.length).toBeGreaterThan(40);
    expect(
      keys.filter(({ schema }) => (schema.description ?? '').length < 6).map(({ path }) => path),
    ).toEqual([]);
  });

  it('allow no key that is not described', () => {
    expect(schemaOf('nightjar').additionalProperties).toBe(false);
    expect(schemaOf('folders').additionalProperties).toBe(false);
    expect(schemaOf('control-file').additionalProperties).toBe(false);
  });
});

type Key = { readonly path: string; readonly schema: JsonSchema };

function keysOf(path: string, schema: JsonSchema): Key[] {
  const items = Array.isArray(schema.items) ? [] : [schema.items];
  const below = [schema.additionalProperties, ...items, ...(schema.oneOf ?? [])].map(asSchema);
  return [
    ...below.flatMap((inner) => (inner === undefined ? [] : keysOf(path, inner))),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
      const inner = asSchema(value);
      const at = `${path}.${key}`;
      return inner === undefined ? [] : [{ path: at, schema: inner }, ...keysOf(at, inner)];
    }),
  ];
}
