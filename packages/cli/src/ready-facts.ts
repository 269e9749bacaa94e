import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { HybridConnectionAccess, PublicPort, RunningRelay } from '@postern/server'

/** What a script or a person needs to know of a relay that runs: the members of the line that `--json` prints. */
export interface ReadyFacts {
  /** `https://host:port` of the data door. */
  readonly data: string
  readonly management: string
  /** Absolute path of the PEM file that clients must trust; null when public roots or nobody signed. */
  readonly caFile: string | null
  /** Absolute; null when everything is in memory. */
  readonly dataDir: string | null
  /** What the administrator signs in with, when this start made him: where the secret is, or itself when nothing is kept. */
  readonly administrator: AdministratorFacts | null
  readonly publicPorts: readonly PublicPort[]
  readonly hybridConnections: readonly HybridConnectionAccess[]
}

export interface AdministratorFacts {
  readonly clientId: string
  /** Absolute; null when everything is in memory. */
  readonly secretFile: string | null
  /** Null when it is in the file. */
  readonly clientSecret: string | null
}

/** Gathers the facts. A CA that is kept in memory only is written to a folder that is removed when the process exits. */
export function readyFacts(relay: RunningRelay): ReadyFacts {
  const { data, management, caFile, caPem, dataDir } = relay
  return {
    data,
    management,
    caFile: caFile === null ? caPem && exportCa(caPem) : resolve(caFile),
    dataDir: dataDir && resolve(dataDir),
    administrator: administratorFacts(relay),
    publicPorts: relay.publicPorts(),
    hybridConnections: relay.hybridConnections(),
  }
}

function administratorFacts({ bootstrapAdmin, dataDir }: RunningRelay): AdministratorFacts | null {
  if (bootstrapAdmin === null) return null
  const { clientId, clientSecret } = bootstrapAdmin
  if (dataDir === null) return { clientId, secretFile: null, clientSecret: clientSecret.reveal() }
  return { clientId, secretFile: resolve(dataDir, 'bootstrap-admin.json'), clientSecret: null }
}

function exportCa(caPem: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-'))
  // Also runs when a second Ctrl-C ends the process.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const caFile = join(folder, 'development-ca.pem')
  writeFileSync(caFile, caPem)
  return caFile
}
