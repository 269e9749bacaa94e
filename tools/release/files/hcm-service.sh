#!/bin/sh
# Runs `hcm run ...` for a service manager, across upgrades. HUP starts the version that is current now beside the one that runs. When
# the new one serves as well it takes over and says so (USR1); the old one ends when its streams have. One that fails changes nothing.
hcm=$(dirname "$0")/hcm
export POSTERN_HCM_KEEPER=$$
worker='' previous='' retired='' stop=''

start() {
  "$hcm" "$@" --take-over &
  worker=$!
}

# One at a time: nobody takes over from one that has not taken over itself.
renew() {
  if [ -n "$previous" ] || [ -n "$stop" ]; then return; fi
  previous=$worker
  start "$@"
}

# Everything is done in the traps: a signal may come at any moment, also just before the wait.
trap 'renew "$@"' HUP
trap 'retired="$retired $previous"; previous=' USR1
trap 'stop=yes; kill -s TERM $worker $previous $retired 2>/dev/null' TERM
trap 'stop=yes; kill -s INT $worker $previous $retired 2>/dev/null' INT

start "$@"
while :; do
  wait "$worker"
  status=$?
  # A signal wakes the wait, too.
  if kill -0 "$worker" 2>/dev/null; then continue; fi
  # The new one ended before it took over: the old one has never stopped.
  if [ -n "$previous" ] && [ -z "$stop" ]; then
    worker=$previous
    previous=''
    continue
  fi
  exit "$status"
done
