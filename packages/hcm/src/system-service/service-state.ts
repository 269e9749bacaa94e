import type { RunCommand } from './carry-out.ts'
import type { InstalledUnit } from './installed-unit.ts'
import { unitName } from './systemd-unit.ts'

/** How the service is, as systemd sees it. */
export interface ServiceState {
  readonly Unit: string
  readonly Path?: string
  readonly Installed: boolean
  /** Starts with the system. */
  readonly Enabled: boolean
  /** active, activating, failed, inactive and so on; unknown where systemd does not run. */
  readonly State: string
  readonly Pid?: number
  readonly Since?: string
  readonly Restarts?: number
}

const properties = ['ActiveState', 'SubState', 'UnitFileState', 'MainPID', 'ActiveEnterTimestamp', 'NRestarts']

/** Asks systemd how the service is. */
export async function readServiceState(unit: InstalledUnit | undefined, runCommand: RunCommand): Promise<ServiceState> {
  const { code, output } = await runCommand(['systemctl', 'show', unitName, `--property=${properties.join(',')}`])
  const facts = new Map(
    output.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const fact = (name: string): string => (code === 0 ? (facts.get(name) ?? '') : '')
  const pid = Number(fact('MainPID'))
  return {
    Unit: unitName,
    ...(unit && { Path: unit.path }),
    Installed: unit !== undefined,
    Enabled: fact('UnitFileState') === 'enabled',
    State: fact('ActiveState') || 'unknown',
    ...(pid > 0 && { Pid: pid, Since: fact('ActiveEnterTimestamp') }),
    ...(fact('NRestarts') !== '' && { Restarts: Number(fact('NRestarts')) }),
  }
}
