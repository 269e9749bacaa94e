import type { RelayConfig } from './relay-config.ts'

/** The ports that a relay is told to use; 0 for any free one. */
export function portsOf({ dataPort, managementPort, publicPort }: RelayConfig): {
  data: number
  management: number
  readonly publicData?: number
} {
  return {
    data: dataPort,
    management: managementPort,
    ...(publicPort !== undefined && { publicData: publicPort }),
  }
}
