import { CONTROL_FILE, MAX_CONTROL_BYTES } from '../core/control.ts';
import { readSmallFile, type SmallFile } from './read-small-file.ts';

/** A control file as a frame carries it (core/control.ts has its meaning); `content` in base64. */
export type RawControl = SmallFile;

/** Reads the control file `rawName` of a directory: the only files that a look opens. Undefined: it is gone. */
export const readRawControl = (dev: bigint, dir: string, rawName: string): RawControl | undefined =>
  readSmallFile(dev, dir, rawName, { mostBytes: MAX_CONTROL_BYTES, onlyCalled: CONTROL_FILE });
