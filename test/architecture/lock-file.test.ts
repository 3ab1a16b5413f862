import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ROOT, readText } from './source-tree.ts';

type Locked = {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const { packages } = JSON.parse(readText('package-lock.json')) as {
  packages: Readonly<Record<string, Locked>>;
};

const project = JSON.parse(readText('package.json')) as Readonly<
  Record<
    'dependencies' | 'devDependencies' | 'optionalDependencies' | 'scripts',
    Readonly<Record<string, string>>
  >
>;

/** Every package but the project itself. */
const locked = (): [string, Locked][] => Object.entries(packages).filter(([path]) => path !== '');

const isInstalled = ({ os = ['linux'], cpu = ['x64'], libc = ['glibc'] }: Locked): boolean =>
  os.includes('linux') && libc.includes('glibc') && (cpu.includes('x64') || cpu.includes('arm64'));

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

  it('has the hash of every package that a supported machine installs: Linux with glibc on x64 and arm64', () => {
    const without = locked()
      .filter(([, one]) => isInstalled(one))
      .filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true);

    expect(without.map(([path]) => path)).toEqual([]);
  });

  it('has no package that needs an install script: the one that would run one has a JavaScript form', () => {
    const scripts = locked().filter(([, { hasInstallScript }]) => hasInstallScript === true);

    expect(scripts.map(([path]) => path)).toEqual(['node_modules/msgpackr-extract']);
    expect(packages['node_modules/msgpackr']?.optionalDependencies).toHaveProperty('msgpackr-extract');
  });
});

describe('package.json', () => {
  it('names one exact version of every package', () => {
    const named = Object.entries({
      ...project.dependencies,
      ...project.devDependencies,
      ...project.optionalDependencies,
    });

    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(named.length).toBeGreaterThan(15);
    for (const [name, version] of named)
      expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
  });

  it('has no script that would run when it is installed', () => {
    const scripts = Object.keys(project.scripts).filter((name) =>
      /^(pre|post)?(install|prepare)$/.test(name),
    );

    expect(scripts).toEqual([]);
    expect(readText('.npmrc').split('\n')).toEqual(
      expect.arrayContaining(['ignore-scripts=true', 'save-exact=true']),
    );
  });
});

describe('npm run sbom', () => {
  it('names every package that runs in production, with its hash, twice the same and offline', () => {
    const bills = [sbom(), sbom()];
    const { components } = JSON.parse(bills[0] ?? '') as Bill;

    expect(bills[0]).toBe(bills[1]);
    expect(components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(production());
    expect(components.filter(({ hashes = [] }) => hashes.length === 0).map(({ name }) => name)).toEqual(
      locked()
        .filter(([, one]) => one.dev !== true && !isInstalled(one) && one.integrity === undefined)
        .map(([path]) => path.slice('node_modules/'.length)),
    );
  });
});

type Bill = {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly unknown[];
  }[];
};

const sbom = (): string =>
  execFileSync(process.execPath, [`${ROOT}/test/tools/sbom.ts`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: '/nonexistent', npm_config_registry: 'http://127.0.0.1:9' },
      // As root npm would make that home and write its log into it.
      npm_config_logs_max: '0',
    },
  });

function production(): string[] {
  return locked()
    .filter(([, { dev }]) => dev !== true)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`)
    .sort();
}
