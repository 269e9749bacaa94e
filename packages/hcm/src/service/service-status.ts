import type { Renewal } from '../hand-over/hand-over.ts'
import type { StoredIdentity } from '../state/hcm-state.ts'
import type { HcmService } from './hcm-service.ts'

/** How the service itself is doing. */
export interface ServiceStatus {
  readonly Version: string
  readonly Pid: number
  readonly StartedOn: string
  readonly StateFolder: string
  readonly LogFile?: string
  /** The relay that gives hybrid connections to this HCM. */
  readonly Joined?: { readonly Endpoint: string; readonly Name: string }
  /** How it went since another version was to take over. */
  readonly Renewal?: Renewal
  readonly HybridConnections: number
  readonly Connected: number
  readonly Streams: number
  readonly MemoryBytes: number
}

/** Says how a service is doing. */
export function describeService(of: {
  readonly service: HcmService
  readonly version: string
  readonly startedAt: Date
  readonly folder: string
  readonly logFile: string | undefined
  readonly identity: StoredIdentity | undefined
  readonly renewal: Renewal | undefined
}): ServiceStatus {
  const { service, version, startedAt, folder, logFile, identity, renewal } = of
  const statuses = service.list()
  return {
    Version: version,
    Pid: process.pid,
    StartedOn: startedAt.toISOString(),
    StateFolder: folder,
    ...(logFile !== undefined && { LogFile: logFile }),
    ...(identity && { Joined: { Endpoint: identity.endpoint, Name: identity.name } }),
    ...(renewal && { Renewal: renewal }),
    HybridConnections: statuses.length,
    Connected: statuses.filter(({ Status }) => Status === 'Connected').length,
    Streams: statuses.reduce((sum, { Streams }) => sum + Streams, 0),
    MemoryBytes: process.memoryUsage.rss(),
  }
}
