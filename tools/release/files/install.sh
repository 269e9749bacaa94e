#!/bin/sh
# Installs this version beside those that are there, makes it the current one and puts `hcm` and `postern` on the path.
# usage: ./install [--prefix DIR] [--bin DIR]
set -eu
prefix=/opt/postern
bin=/usr/local/bin
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) prefix=$2 && shift 2 ;;
    --bin) bin=$2 && shift 2 ;;
    *)
      echo "usage: $0 [--prefix DIR] [--bin DIR]    default: --prefix /opt/postern --bin /usr/local/bin" >&2
      exit 2
      ;;
  esac
done
here=$(dirname "$(readlink -f "$0")")
version=@VERSION@
if ! "$here/bin/node" -e ''; then
  echo "install: the Node in this archive does not run here: it is for @PLATFORM@ with glibc 2.28 or newer and libstdc++6" >&2
  exit 1
fi
mkdir -p "$prefix/versions" "$bin"
place=$prefix/versions/$version
if [ "$here" != "$(readlink -f "$place")" ]; then
  rm -rf "$place.new" "$place"
  cp -R "$here" "$place.new"
  mv "$place.new" "$place"
fi
# A key that is pinned already stays: whoever may change it is root, not an archive.
[ -e "$prefix/release-key.pub.pem" ] || cp "$place/release-key.pub.pem" "$prefix/release-key.pub.pem"
ln -sfn "versions/$version" "$prefix/current.new"
mv -T "$prefix/current.new" "$prefix/current"
for program in hcm postern; do ln -sf "$prefix/current/bin/$program" "$bin/$program"; done
echo "postern $version is in $place; $bin/hcm and $bin/postern start what $prefix/current names"
echo "next: hcm service install    (as root, with systemd), or: hcm run"
