import { describe, expect, it } from 'vitest';
import { readText } from './source-tree.ts';

type Locked = {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const { packages } = JSON.parse(readText('package-lock.json')) as {
  packages: Readonly<Record<string, Locked>>;
};

describe('package-lock.json', () => {
  it('has every package for other platforms too: newer npm refuses to install from one that has not', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          packages[`node_modules/${name}`] === undefined &&
          packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    expect(missing).toEqual([]);
  });

  it('records no download addresses', () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});
