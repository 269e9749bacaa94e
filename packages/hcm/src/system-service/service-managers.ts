import { launchd } from './launchd.ts'
import type { ServiceManager } from './service-manager.ts'
import { systemd } from './systemd.ts'
import { windowsService } from './windows-service.ts'

/** Kinds of systems that a service can be installed on. */
export type ServicePlatform = 'linux' | 'macos' | 'windows'

/** Who starts services, by the kind of system. */
export const serviceManagers: Readonly<Record<ServicePlatform, ServiceManager>> = {
  linux: systemd,
  macos: launchd,
  windows: windowsService,
}

/** The kind of system that this is; undefined when there is none that we know. */
export function servicePlatform(platform: NodeJS.Platform = process.platform): ServicePlatform | undefined {
  const known: Partial<Record<NodeJS.Platform, ServicePlatform>> = { linux: 'linux', darwin: 'macos', win32: 'windows' }
  return known[platform]
}
