import { takeInstanceLock } from '../../src/ledger/instance-lock.ts';

// Holds the instance lock of the directory given until it is killed.
const lock = takeInstanceLock(process.argv[2] ?? '', 'the other one');
process.stdout.write('held\n');
setInterval(() => lock, 1000);
