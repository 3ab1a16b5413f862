import { describe, expect, it } from 'vitest';
import { readText } from './source-tree.ts';

const UNIT = readText('systemd/nightjar.service')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const valuesOf = (key: string): string[] =>
  UNIT.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));

describe('the systemd unit', () => {
  it.each([
    ...[
      ['NoNewPrivileges', 'yes'],
      ['ProtectSystem', 'strict'],
      ['ProtectHome', 'yes'],
      ['PrivateTmp', 'yes'],
    ],
    ...[
      ['CapabilityBoundingSet', ''],
      ['AmbientCapabilities', ''],
      ['LimitCORE', '0'],
      ['UMask', '0077'],
    ],
    ...[
      ['RestrictNamespaces', 'yes'],
      ['PrivateDevices', 'yes'],
      ['StateDirectoryMode', '0700'],
    ],
    ...[
      ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6'],
      ['CacheDirectoryMode', '0700'],
    ],
  ] as const)('has the fence %s=%s', (key, value) => {
    expect(valuesOf(key)).toEqual([value]);
  });

  it('makes the share read-only, and lets the reading processes be what they are', () => {
    expect(valuesOf('ReadOnlyPaths')).toEqual(['-/srv/instruments']);
    // They are started by /bin/sh, run Node, and keep compiled code in the cache directory.
    expect([...valuesOf('NoExecPaths'), ...valuesOf('MemoryDenyWriteExecute')]).toEqual([]);
    expect(valuesOf('CacheDirectory')).toEqual(['nightjar']);
  });

  it('has no system call that only a privileged process needs', () => {
    expect(valuesOf('SystemCallFilter')).toEqual(['@system-service', '~@privileged @resources']);
  });
});
