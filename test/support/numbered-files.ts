/** Files of one size whose content tells which one it is: "SEM1/stack/07/frame-00307.raw". */
export function numberedFiles(count: number, size: number): Readonly<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (let at = 0; at < count; at++) {
    const directory = String(at % 20).padStart(2, '0');
    const bytes = Buffer.alloc(size, `frame ${at} `);
    files[`SEM1/stack/${directory}/frame-${String(at).padStart(5, '0')}.raw`] = bytes;
  }
  return files;
}
