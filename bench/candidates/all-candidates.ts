import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Candidate } from './candidate.ts'
import { createCommandPeer } from './command-peer.ts'
import { direct } from './direct.ts'
import { readPeerFile } from './peer-file.ts'
import { createPlainPostern, createPostern, createPosternWithoutCarriers } from './postern.ts'
import { createPosternHcm, createPosternHcmWithoutCarriers } from './postern-hcm.ts'
import { createPlainPosternIngress, createPosternIngress } from './postern-ingress.ts'

/** The candidates that all others are compared with, in the order of the report. */
export const subjects: readonly string[] = ['postern', 'postern-hcm', 'postern-plain']

/** Finds every candidate: direct, our own, and one for each file of bench/peers and each further one. */
export function findCandidates(benchFolder: string, furtherPeerFiles: readonly string[]): Candidate[] {
  const repositoryFolder = dirname(benchFolder)
  const peersFolder = join(benchFolder, 'peers')
  const peers = readdirSync(peersFolder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => join(peersFolder, name))
    .concat(furtherPeerFiles)
    .map((path) => createCommandPeer(readPeerFile(path), benchFolder))
  const ours = [
    createPostern,
    createPosternWithoutCarriers,
    createPosternHcm,
    createPosternHcmWithoutCarriers,
    createPlainPostern,
    createPosternIngress,
    createPlainPosternIngress,
  ].map((create) => create(repositoryFolder))
  return [direct, ...ours, ...peers]
}
