import { takeInstanceLock } from '../../src/ledger/instance-lock.ts';

// Holds the instance lock of the directory given until it is killed.
takeInstanceLock(process.argv[2] ?? '', 'the other one');
process.stdout.write('held\n');
setInterval(() => undefined, 1000);
