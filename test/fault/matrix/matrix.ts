import { CLOCK } from './clock.ts';
import { DISK } from './disk.ts';
import { NETWORK } from './network.ts';
import { PROCESSES } from './processes.ts';
import { QUEUE } from './queue.ts';
import { SHARE } from './share.ts';

/** Every fault of docs/fault-matrix.md, in its order. */
export const FAULTS = [...PROCESSES, ...QUEUE, ...NETWORK, ...SHARE, ...DISK, ...CLOCK];
