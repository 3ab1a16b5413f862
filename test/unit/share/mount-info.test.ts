import { describe, expect, test } from 'vitest';
import { mountOf } from '../../../src/share/mount-info.ts';

const MOUNTS = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:30 / /srv rw shared:1 master:2 - tmpfs tmpfs rw
31 30 0:31 / /srv/share ro,nosuid - autofs systemd-1 rw
32 31 0:32 / /srv/share ro,nosuid shared:7 - cifs //nas/instruments rw,vers=3.1.1
33 22 0:33 / /srv/lab\\040data rw - nfs4 nas:/lab\\040data rw
`;

describe('mountOf', () => {
  test.each([
    ['/srv/share', 'cifs', '//nas/instruments'],
    ['/srv/share/SEM1', 'cifs', '//nas/instruments'],
    ['/srv/shared', 'tmpfs', 'tmpfs'],
    ['/home', 'ext4', '/dev/vda'],
    ['/srv/lab data/x', 'nfs4', 'nas:/lab data'],
  ])('finds what %s is on', (path, fsType, source) => {
    expect(mountOf(MOUNTS, path)).toMatchObject({ fsType, source });
  });

  test('knows nothing when there is nothing to know', () => {
    expect(mountOf('', '/srv')).toBeUndefined();
  });
});
