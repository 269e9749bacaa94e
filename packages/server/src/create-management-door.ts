import type { FrontDoor } from './gateway/front-door/front-door.ts'
import type { ArmDoor } from './gateway/management/arm-door.ts'
import { DownloadsDoor, type DownloadsDoorOptions } from './gateway/management/downloads-door.ts'
import { DownloadsFolder } from './gateway/management/downloads-folder.ts'
import type { IdentityDoor } from './gateway/management/identity-door.ts'
import { ManagementDoor, type ManagementPage } from './gateway/management/management-door.ts'
import type { RelayParts } from './gateway/relay-parts.ts'
import { OpenApiPage } from './management/openapi/openapi-page.ts'
import { routeTable } from './management/route-table.ts'
import { serverVersion } from './server-version.ts'
import type { Health } from './telemetry/health.ts'
import { MetricsPage } from './telemetry/metrics-page.ts'

export interface ManagementDoorParts {
  /** Undefined where nothing is offered. */
  readonly downloads: (Omit<DownloadsDoorOptions, 'folder'> & { readonly folder: string }) | undefined
  readonly parts: RelayParts
  readonly health: Health
  readonly doors: readonly FrontDoor[]
  readonly arm: ArmDoor
  readonly identity: IdentityDoor
}

/** Puts together what answers at the management door: pages, sign-in, management API and downloads. */
export function createManagementDoor({
  downloads: offered,
  parts,
  health,
  doors,
  arm,
  identity,
}: ManagementDoorParts): ManagementDoor {
  const metrics = MetricsPage.ofRelay({
    counters: parts.counters,
    isReady: () => health.state === 'ready',
    version: serverVersion(),
    pendingOffers: () => parts.offers.size,
    auditRecords: () => parts.audit.counts,
    unauthorizedConnections: () => doors.reduce((sum, door) => sum + door.unauthorizedConnections, 0),
  })
  const pages = new Map<string, ManagementPage>([
    ['/healthz', health.livePage],
    ['/readyz', health.readyPage],
    ['/metrics', metrics],
    ['/openapi.json', new OpenApiPage(routeTable, { version: serverVersion() })],
  ])
  const downloads = offered && new DownloadsDoor({ ...offered, folder: new DownloadsFolder(offered.folder) })
  return new ManagementDoor({ pages, arm, identity, downloads })
}
