import { resolve } from 'node:path'
import type { SettingsSources } from '../settings/load-settings.ts'
import { connectorOptionTable } from '../settings/option-table.ts'

/** The environment by which the hook in a program below finds the settings that were given to us on the command line. */
export function settingsEnvironment({ file, connections = [], flags = {} }: SettingsSources): Record<string, string> {
  const given = Object.entries(connectorOptionTable).flatMap(([name, { env }]) => {
    const value = Object.hasOwn(flags, name) ? flags[name] : undefined
    return value === undefined ? [] : [[env, Array.isArray(value) ? value.join(',') : String(value)] as const]
  })
  return {
    ...Object.fromEntries(given),
    ...(file !== undefined && { POSTERN_CONNECTOR_CONFIG: resolve(file) }),
    ...(connections.length > 0 && { POSTERN_CONNECTION_STRINGS: connections.join('\n') }),
  }
}
