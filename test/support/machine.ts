import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tellOfChild } from './lab-words.ts';

const MAKE = fileURLToPath(new URL('make-machine.sh', import.meta.url));
const MADE = join(tmpdir(), 'nightjar-machine');
const DISK_KIB = 512 * 1024;
const TOOLS = ['qemu-system-x86_64', 'mke2fs', 'cpio', 'dpkg-deb', 'apt-get'];
/** Where a machine finds what listens on 127.0.0.1 of this one. */
export const AROUND = '10.0.2.2';

/**
 * A virtual machine with a disk of its own, in which a lab runs: `state` and `delivered` are on that disk, all else of the lab is
 * what a file server would show. What its programs do not flush is lost when its power is cut.
 */
export type Machine = AsyncDisposable & {
  /** Boots it for these lines of shell; it turns itself off after the last. */
  readonly start: (script: string) => RunningMachine;
};

export type RunningMachine = {
  /** From one instant to the next. */
  readonly cutPower: () => Promise<void>;
  /** Until it is off; what it printed. */
  readonly off: () => Promise<string>;
  readonly isOff: () => boolean;
};

/** What is missing here to have one; undefined when nothing is. */
export function lackedForMachine(): string | undefined {
  if (process.getuid?.() !== 0) return 'root';
  return TOOLS.find((tool) => !isThere(tool));
}

function isThere(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', tool], { env: withSbin(), stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withSbin = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
});

export function createMachine(lab: string): Machine {
  execFileSync('sh', [MAKE, MADE], { env: withSbin(), stdio: 'ignore' });
  const disk = join(lab, 'disk');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', disk, String(DISK_KIB)], { env: withSbin() });
  for (const directory of ['state', 'delivered']) mkdirSync(join(lab, directory), { recursive: true });
  let running: ChildProcess | undefined;
  return {
    start: (script) => {
      const path = `export PATH=${dirname(process.execPath)}${delimiter}$PATH`;
      const lines = [path, `cd ${lab}`, script, 'sync', 'echo o >/proc/sysrq-trigger', 'sleep 600', ''];
      writeFileSync(join(lab, 'machine.sh'), lines.join('\n'));
      const qemu = spawn('qemu-system-x86_64', argumentsFor(lab, disk), {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running = qemu;
      tellOfChild(qemu, ['a virtual machine', script]);
      return runningMachine(qemu);
    },
    [Symbol.asyncDispose]: async () => {
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      running.kill('SIGKILL');
      await once(running, 'exit');
    },
  };
}

function runningMachine(qemu: ChildProcess): RunningMachine {
  let said = '';
  for (const stream of [qemu.stdout, qemu.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      said += piece;
    });
  const closed = once(qemu, 'close');
  const off = async (): Promise<string> => {
    await closed;
    return said;
  };
  return {
    off,
    isOff: () => qemu.exitCode !== null || qemu.signalCode !== null,
    cutPower: async () => {
      qemu.kill('SIGKILL');
      await off();
    },
  };
}

/** Without a second processor: JavaScript's compiled code does not survive two emulated ones. */
function argumentsFor(lab: string, disk: string): string[] {
  return [
    ...['-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', '2048', '-nographic', '-no-reboot'],
    ...['-kernel', join(MADE, 'kernel'), '-initrd', join(MADE, 'initrd')],
    ...['-append', `console=ttyS0 mitigations=off quiet panic=1 lab=${lab}`],
    ...['-nic', 'user,model=virtio-net-pci'],
    ...['-drive', `file=${disk},if=virtio,format=raw`],
    ...['-virtfs', 'local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap'],
    ...['-virtfs', `local,path=${lab},mount_tag=lab,security_model=none`],
  ];
}
