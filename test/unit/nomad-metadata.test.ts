import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataOf } from '../../src/app/metadata-of.ts';
import type { MappingConfig } from '../../src/config/config.ts';
import type { ContainerMetadata } from '../../src/core/container-metadata.ts';
import { COLLECTOR, ownerId } from '../../src/core/ids.ts';
import { metadataDocument } from '../../src/destinations/nomad/metadata.ts';

const NOTHING: ContainerMetadata = { coauthors: [], reviewers: [], references: [] };
const documentOf = (metadata: Partial<ContainerMetadata>, before?: string): unknown => {
  const text = metadataDocument({ ...NOTHING, ...metadata }, before);
  return text === undefined ? undefined : JSON.parse(text);
};
const textOf = (metadata: Partial<ContainerMetadata>, before?: string): string =>
  metadataDocument({ ...NOTHING, ...metadata }, before) ?? '';

describe('the metadata file of an upload', () => {
  it('is none while there is nothing to say', () => {
    expect(documentOf({})).toBeUndefined();
  });

  it("says it in the platform's words, and adds people to those who are there", () => {
    const all = {
      ...{ coauthors: ['chen', 'ada'], reviewers: ['referee@example.org'], comment: 'by "the" lab\nyes' },
      ...{ references: ['https://example.org'], externalId: 'DFG-4711', embargoMonths: 0 },
    };

    expect(documentOf(all)).toEqual({
      coauthors: { add: ['ada', 'chen'] },
      reviewers: { add: ['referee@example.org'] },
      embargo_length: 0,
      comment: 'by "the" lab\nyes',
      references: ['https://example.org'],
      external_id: 'DFG-4711',
    });
  });

  it('takes away by name whom an earlier one had added, and adds them again later', () => {
    const first = textOf({ coauthors: ['ada', 'bob'] });
    const second = textOf({ coauthors: ['bob'] }, first);

    expect(JSON.parse(second)).toEqual({ coauthors: { add: ['bob'], remove: ['ada'] } });
    expect(documentOf({}, second)).toEqual({ coauthors: { remove: ['ada', 'bob'] } });
    expect(documentOf({ coauthors: ['ada'] }, second)).toEqual({
      coauthors: { add: ['ada'], remove: ['bob'] },
    });
  });

  it('is the same when the same is said again, in whatever order, and never adds whom it removes', () => {
    const people = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));

    fc.assert(
      fc.property(people, people, (one, other) => {
        const before = textOf({ coauthors: one, comment: 'x' });
        const next = textOf({ coauthors: other, comment: 'x' }, before);
        expect(textOf({ coauthors: other.toReversed(), comment: 'x' }, next)).toBe(next);
        const { add = [], remove = [] } = JSON.parse(next).coauthors ?? {};
        expect(add).toEqual(other.toSorted());
        expect(remove).toEqual(one.filter((name) => !other.includes(name)).toSorted());
      }),
    );
  });
});

describe('what the mapping says of the data in a container', () => {
  const rule = { id: 'Films', metadata: { ...NOTHING, coauthors: ['chen'], comment: 'films' } };
  const owners = [
    { id: ownerId('mueller'), aliases: [], tokens: {}, coauthors: ['manager', 'chen'] },
    { id: ownerId('manager'), aliases: [], tokens: { nomad: { token: 'manager', userId: 'u-1' } } },
  ];
  const mapping = { owners, rules: [rule] } as unknown as MappingConfig;
  const mueller = ownerId('mueller');

  it("is the owner's coauthors alone in a container of all", () => {
    expect(metadataOf(mapping, { owner: mueller })).toEqual({ ...NOTHING, coauthors: ['u-1', 'chen'] });
  });

  it('is what the rule says too in a container of the rule, each person once', () => {
    expect(metadataOf(mapping, { owner: mueller, apart: 'Films' })).toEqual({
      ...{ ...NOTHING, coauthors: ['u-1', 'chen'], comment: 'films' },
    });
  });

  it('is nothing of a rule that is gone, and nothing of owners at the collector', () => {
    expect(metadataOf(mapping, { owner: ownerId('manager'), apart: 'Other' })).toEqual(NOTHING);
    expect(metadataOf(mapping, { owner: COLLECTOR })).toEqual(NOTHING);
  });
});
