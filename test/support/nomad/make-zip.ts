import { crc32 } from 'node:zlib';

export type ZipSource = {
  readonly name: string;
  readonly data?: string | Uint8Array;
  /** False leaves general purpose bit 11 unset, as careless writers do. */
  readonly utf8Flag?: boolean;
  readonly crc?: number;
};

/** A stored zip, byte for byte under the test's control; names ending in '/' are directories. */
export function makeZip(sources: readonly ZipSource[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const source of sources) {
    const name = Buffer.from(source.name);
    const data = Buffer.from(source.data ?? '');
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(source.utf8Flag === false ? 0 : 0x800, 2);
    common.writeUInt32LE(0x00210000, 6);
    common.writeUInt32LE(source.crc ?? crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), common, name, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    centrals.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), common, rest, name]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(sources.length, 8);
  end.writeUInt16LE(sources.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
