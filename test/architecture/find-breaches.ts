import { dirname, normalize } from 'node:path/posix';
import { GUARDED, IMPORT_TABLE, type ImportRule } from './import-table.ts';
import { importsOf, type Source } from './source-tree.ts';

/** The rule's name of a file below `src/`: its folder, an adapter's own folder, or the file itself. */
function folderOf(path: string): string {
  const parts = path.replace(/^src\//, '').split('/');
  if (parts.length === 1) return parts[0] ?? '';
  if (parts[0] === 'destinations' && parts.length > 2) return `destinations/${parts[1]}/`;
  return `${parts[0]}/`;
}

/** One sentence for every import that the table does not allow. */
export function breaches(files: readonly Source[], table: readonly ImportRule[] = IMPORT_TABLE): string[] {
  return files.flatMap(({ path, text }) => {
    const rule = table.find(({ of }) => of === folderOf(path));
    if (rule === undefined) return [`${path}: its folder is not in the table`];
    return importsOf(text)
      .filter(({ from }) => !isAllowed(rule, path, from))
      .map(({ from }) => `${path} imports ${from}: ${rule.of} may not`);
  });
}

function isAllowed(rule: ImportRule, path: string, from: string): boolean {
  if (from.startsWith('node:')) return isAllowedNode(rule, from.slice('node:'.length));
  if (!from.startsWith('.')) return rule.npm.includes(packageOf(from));
  const target = normalize(`${dirname(path)}/${from}`);
  if (target === 'package.json') return rule.of === 'app/';
  if (!target.startsWith('src/')) return false;
  const inside = target.slice('src/'.length);
  if (folderOf(inside) === rule.of) return true;
  return rule.ours.some((allowed) => covers(allowed, inside));
}

function covers(allowed: string, inside: string): boolean {
  const file = allowed.endsWith('/') ? folderOf(inside) : inside;
  const pattern = allowed
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('[^/]+');
  return new RegExp(`^${pattern}$`).test(file);
}

function isAllowedNode({ node }: ImportRule, module: string): boolean {
  if (node.includes(module)) return true;
  return node.includes('any') && !(GUARDED as readonly string[]).includes(module);
}

function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

/** npm packages by the folders that import them. */
export function homesOf(files: readonly Source[]): Map<string, Set<string>> {
  const homes = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    for (const { from } of importsOf(text)) {
      if (from.startsWith('.') || from.startsWith('node:')) continue;
      const name = packageOf(from);
      homes.set(name, (homes.get(name) ?? new Set<string>()).add(folderOf(path)));
    }
  }
  return homes;
}

/** A round trip of value imports between folders ("a/ → b/ → a/"), or undefined. */
export function cycleOf(files: readonly Source[]): string | undefined {
  const graph = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    const from = folderOf(path);
    const targets = graph.get(from) ?? new Set<string>();
    graph.set(from, targets);
    for (const one of importsOf(text)) {
      if (one.typeOnly || !one.from.startsWith('.')) continue;
      const to = folderOf(normalize(`${dirname(path)}/${one.from}`));
      if (to !== from) targets.add(to);
    }
  }
  const done = new Set<string>();
  const visit = (folder: string, way: readonly string[]): string | undefined => {
    const at = way.indexOf(folder);
    if (at >= 0) return [...way.slice(at), folder].join(' → ');
    if (done.has(folder)) return undefined;
    for (const next of graph.get(folder) ?? []) {
      const found = visit(next, [...way, folder]);
      if (found !== undefined) return found;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of graph.keys()) {
    const found = visit(folder, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
