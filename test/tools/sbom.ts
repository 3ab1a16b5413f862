/** Prints the bill of materials of what runs in production (`npm run sbom`): CycloneDX, offline, twice the same. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type Bill = {
  serialNumber?: string;
  readonly metadata: { timestamp?: string; readonly component: { name: string; readonly 'bom-ref': string } };
  components: readonly Component[];
  dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};
type Component = {
  readonly 'bom-ref': string;
  readonly properties: readonly { readonly name: string }[];
};

const NPM = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--offline'];

const bill = JSON.parse(
  execFileSync('npm', NPM, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  }),
) as Bill;
const { component } = bill.metadata;

// Not npm's own --omit=dev: that also drops what a tool of the developers uses beside us (seen with npm 11.19).
bill.components = bill.components.filter(
  ({ properties }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
);
const kept = new Set([component['bom-ref'], ...bill.components.map((one) => one['bom-ref'])]);
bill.dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => kept.has(on)) }));
// What differs from run to run and from folder to folder would only make two bills of one version look different.
delete bill.serialNumber;
delete bill.metadata.timestamp;
component.name = component['bom-ref'].split('@')[0] ?? '';
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
