import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { findCandidates } from './all-candidates.ts'

const benchFolder = dirname(import.meta.dirname)

/** Names of those that a run without `--only` and `--all` measures. */
function usualNames(peerFiles: readonly string[] | undefined): readonly string[] {
  return findCandidates(benchFolder, { peerFiles, furtherPeerFiles: [] })
    .filter(({ runsByDefault }) => runsByDefault)
    .map(({ name }) => name)
}

test('a peer that a peers file names is measured though it is left out by default, a candidate of ours is not', () => {
  const left = ['haproxy-chain-tls', 'postern-ingress-own', 'postern-ingress-own-plain']
  assert.deepEqual(
    usualNames(undefined).filter((name) => left.includes(name)),
    [],
  )
  const named = usualNames([join(benchFolder, 'peers', 'haproxy-chain-tls.json')])
  assert.deepEqual(
    named.filter((name) => left.includes(name)),
    ['haproxy-chain-tls'],
  )
})
