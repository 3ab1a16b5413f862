import { crc32 } from 'node:zlib';

type Entry = { readonly name: Buffer; readonly data: Uint8Array; readonly at: number };

/**
 * A small zip of stored entries, in the order given (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.16). Names in
 * UTF-8; below 65,536 entries and 4 GiB.
 */
export function storeZip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Uint8Array[] = [];
  const entries: Entry[] = [];
  let at = 0;
  for (const [path, data] of files) {
    const entry = { name: Buffer.from(path, 'utf8'), data, at };
    const header = localHeader(entry);
    entries.push(entry);
    parts.push(header, data);
    at += header.length + data.length;
  }
  const directory = Buffer.concat(entries.map(centralHeader));
  return Buffer.concat([...parts, directory, endRecord(entries.length, directory.length, at)]);
}

/** Version 2.0, UTF-8 names (bit 11), stored, 1 January 1980, CRC-32 and both sizes. */
function sharedFields({ name, data }: Entry): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x0800, 2);
  fields.writeUInt16LE(0x0021, 8);
  fields.writeUInt32LE(crc32(data), 10);
  fields.writeUInt32LE(data.length, 14);
  fields.writeUInt32LE(data.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function localHeader(entry: Entry): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), sharedFields(entry), entry.name]);
}

function centralHeader(entry: Entry): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  rest.writeUInt32LE(entry.at, 10);
  const madeByUnix = Buffer.from([20, 3]);
  return Buffer.concat([
    Buffer.from('PK\x01\x02', 'latin1'),
    madeByUnix,
    sharedFields(entry),
    rest,
    entry.name,
  ]);
}

function endRecord(count: number, length: number, at: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(at, 16);
  return end;
}
