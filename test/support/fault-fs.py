"""A directory seen through FUSE, read-only, with faults by name: fault-fs.py SOURCE MOUNTPOINT FAULTS.

FAULTS is a directory. A file `eio` in it holds paths, each with an offset: reading from there on fails with EIO. A file `hold`
holds a path: whoever reads or lists it waits for as long as the file is there, and `held` says that somebody does.
"""

import errno
import os
import sys
import time

from fusepy import FUSE, FuseOSError, Operations


class FaultFs(Operations):
    def __init__(self, source, faults):
        self.source = source
        self.faults = faults

    def _at(self, path):
        return self.source + path

    def _fault(self, name):
        try:
            with open(os.path.join(self.faults, name)) as told:
                return told.read().split()
        except FileNotFoundError:
            return []

    def _wait(self, path):
        while self._fault("hold") == [path]:
            with open(os.path.join(self.faults, "held"), "w"):
                pass
            time.sleep(0.01)

    def getattr(self, path, fh=None):
        try:
            stats = os.lstat(self._at(path))
        except OSError as error:
            raise FuseOSError(error.errno)
        names = "st_atime st_ctime st_gid st_ino st_mode st_mtime st_nlink st_size st_uid st_blocks"
        return {name: getattr(stats, name) for name in names.split()}

    def readdir(self, path, fh):
        self._wait(path)
        return [".", ".."] + os.listdir(self._at(path))

    def open(self, path, flags):
        return os.open(self._at(path), os.O_RDONLY)

    def read(self, path, size, offset, fh):
        self._wait(path)
        bad = self._fault("eio")
        if path in bad and offset + size > int(bad[bad.index(path) + 1]):
            raise FuseOSError(errno.EIO)
        return os.pread(fh, size, offset)

    def release(self, path, fh):
        os.close(fh)
        return 0


FUSE(
    FaultFs(sys.argv[1], sys.argv[3]),
    sys.argv[2],
    foreground=True,
    ro=True,
    use_ino=True,
    direct_io=True,
    attr_timeout=0,
    entry_timeout=0,
    fsname="fault-fs",
)
