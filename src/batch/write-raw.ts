import type { Batch } from '../core/model.ts';
import type { HashedOutput } from './hashed-output.ts';
import { FILE_IS_WHOLE } from './pack-protocol.ts';
import { WHOLE_FILE_BYTES } from './parcel-length.ts';
import type { PlannedReader } from './read-planned.ts';

/** Writes the files' bytes one after another, each followed by the byte that says that it is whole. */
export function writeRaw(batch: Batch, reader: PlannedReader, output: HashedOutput): Buffer {
  for (const [index, file] of batch.files.entries()) {
    if (file.size <= WHOLE_FILE_BYTES) reader.whole(file, index, 0);
    else reader.streamed(file, index, () => undefined);
    output.put(Uint8Array.of(FILE_IS_WHOLE));
  }
  return output.settle();
}
