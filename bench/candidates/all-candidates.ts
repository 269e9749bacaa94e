import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Candidate } from './candidate.ts'
import { createCommandPeer } from './command-peer.ts'
import { direct } from './direct.ts'
import { readPeerFile } from './peer-file.ts'
import { createPlainPostern, createPostern, createPosternWithoutCarriers } from './postern.ts'
import { createPlainPosternHcm, createPosternHcm, createPosternHcmWithoutCarriers } from './postern-hcm.ts'
import { createPlainPosternIngress, createPosternIngress } from './postern-ingress.ts'
import { createPlainPosternIngressOwn, createPosternIngressOwn } from './postern-ingress-own.ts'
import { createRelayedHttpCandidates } from './relayed-http.ts'

/** The candidates that all others are compared with, in the order of the report. */
export const subjects: readonly string[] = ['postern', 'postern-hcm', 'postern-plain', 'http-ours']

/** Which peers there are. */
export interface PeerFiles {
  /** Default: every one of bench/peers. */
  readonly peerFiles: readonly string[] | undefined
  readonly furtherPeerFiles: readonly string[]
}

/** Finds every candidate: direct, our own, and one for each peer file. */
export function findCandidates(benchFolder: string, { peerFiles, furtherPeerFiles }: PeerFiles): Candidate[] {
  const repositoryFolder = dirname(benchFolder)
  const peersFolder = join(benchFolder, 'peers')
  const peers = (peerFiles ?? listPeerFiles(peersFolder))
    .concat(furtherPeerFiles)
    .map((path) => readPeerFile(path))
    // What a peers file names is asked for.
    .map((peer) => createCommandPeer({ ...peer, byDefault: peer.byDefault || peerFiles !== undefined }, benchFolder))
  const ours = [
    createPostern,
    createPosternWithoutCarriers,
    createPosternHcm,
    createPosternHcmWithoutCarriers,
    createPlainPostern,
    createPlainPosternHcm,
    createPosternIngress,
    createPlainPosternIngress,
    createPosternIngressOwn,
    createPlainPosternIngressOwn,
  ].map((create) => create(repositoryFolder))
  return [direct, ...ours, ...createRelayedHttpCandidates(repositoryFolder), ...peers]
}

function listPeerFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => join(folder, name))
}
