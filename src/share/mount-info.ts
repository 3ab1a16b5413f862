/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export type Mount = { readonly point: string; readonly fsType: string; readonly source: string };

/** The mount that a real path is on: the longest mount point above it; of equal ones the last, which covers the rest. */
export function mountOf(mountInfo: string, path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const line of mountInfo.split('\n')) {
    const mount = parseLine(line);
    if (mount === undefined || !isAtOrBelow(path, mount.point)) continue;
    if (found === undefined || mount.point.length >= found.point.length) found = mount;
  }
  return found;
}

/** "id parent major:minor root point options [optional fields] - type source options" */
function parseLine(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const point = before.split(' ')[4];
  const [fsType, source] = after.split(' ');
  if (point === undefined || fsType === undefined || source === undefined) return undefined;
  return { point: unescape(point), fsType, source: unescape(source) };
}

/** Space, tab, newline and backslash are written as octal numbers. */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function isAtOrBelow(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}
