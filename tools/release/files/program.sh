#!/bin/sh
# Starts a program of this version with the Node that came with it: links to this file lead to the version that they name.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../lib/node_modules/@MAIN@" "$@"
